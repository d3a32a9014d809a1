//! What this machine is and what on it answers: CPU, memory, kernel, ports.
//! Effects.

mod answer;
mod facts;
mod port;
mod processor;
mod threads;

pub use answer::{NoAnswer, http_answers, http_json, http_json_for, http_refusal, socket_answers, tcp_answers};
pub use facts::{Memory, Swap, environment, load_1m, memory, swap};
pub use port::{PortError, free_ports, is_own_address, port_is_free};
pub use processor::{process_cpu_seconds, threads_cpu_seconds};
pub use threads::{SERVING, Scheduled, Threads, can_start_threads, wake_when_due};
