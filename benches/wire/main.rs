//! The load driver at the wire's limit: how many requests and events a second
//! it takes from a server that costs next to nothing, beside a raw socket
//! client that only counts.
//!
//! `cargo bench --bench wire` runs both clients in turn, each over 32
//! kept-alive connections to a server in the same process that answers every
//! request at once with one prepared reply: chunked server-sent events in
//! `OpenAI`'s chat form, each event a chunk of its own, all in one write. The
//! driver does all that it does in a run (time stamps, content, usage, a
//! record a request); the raw client looks for `data:` and for the end. Its
//! rate is the ceiling. CPU time is that of the whole process less that of
//! the server's threads, so it holds what the kernel does for the client.
//!
//! What it does not show: anything about time (replies come at once, so no
//! time to first token is meaningful), replies that come in pieces, streams
//! that are mostly idle, a network, connections being opened. Server and
//! client share the processors, so rates are those of both together; the CPU
//! time a request is the client's alone and depends less on other load. And
//! the objects differ only in their text, as vLLM's do within a reply: where
//! each carries a time of its own, as Ollama's do, each is parsed.
//!
//! `cargo bench --bench wire -- serve` only serves, at the address that it
//! prints, until its input ends: for other load generators.
//!
//! How often the driver allocates for a request is counted, too, with replies
//! of one length and of twice that: the bench fails if the events of a reply
//! have a part in it.
//!
//! Measured on 2026-11-25 from 23:32 on, on 2 virtual cores of an AMD EPYC with
//! no other work begun, medians of the 3 rounds of each of three runs:
//!
//! | run | raw requests/s | driver's | of raw | driver's CPU-µs/request | of raw |
//! |---|---|---|---|---|---|
//! | 1 | 49 537 | 27 559 | 55.6 % | 42.8 | 2.0 times |
//! | 2 | 51 546 | 29 486 | 57.2 % | 40.5 | 1.9 times |
//! | 3 | 50 111 | 26 514 | 52.9 % | 44.3 | 2.1 times |
//!
//! The goal is half of the raw client's rate. 15.4 allocations a request, 0.0002
//! for each token more. While tasks moved between the runtime's threads it was
//! 48.5, 46.9 and 43.7 %, three hours earlier: a request was written on one
//! processor, its reply read on another, and each of the two woke the other up.
//! `reqwest` 0.13 on hyper 1.12 gave 8.7 % on 2026-11-22.
//!
//! Between these runs, with the same server and connections, `AIPerf` 0.13 took
//! 141.5, 137.3 and 111.0 requests/s and reported 138 to 177 ms of time to
//! first token.
//!
//! On 2026-11-26, on another machine of the same kind: 52.9, 55.6 and 56.6 % of
//! 48 239, 51 018 and 43 761 requests/s, and `AIPerf` between them 119.9, 122.0,
//! 116.4 and 128.7 with 124 to 138 ms. On a third, twice as fast and quiet, the
//! same day: 65.7, 60.1 and 61.6 % of 99 227, 95 323 and 97 230 requests/s, and
//! `AIPerf` 391.9, 343.5 and 390.7 with 47 to 55 ms.
#![expect(clippy::disallowed_methods, reason = "a bench is all effects")]

mod clients;
mod server;

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use server::Server;

/// Clients, each with a connection.
const CLIENTS: u32 = 32;
/// How long a client is measured.
const LENGTH: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;
/// Tokens of a reply.
const TOKENS: u64 = 128;
/// More allocations for a token than this are too many: a list of arrivals
/// that grows, or a connection's buffer, may still take its share.
const ALLOCATIONS: f64 = 0.01;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a client got done.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: u64,
    events: u64,
}

/// What a client got done, and what that took: the server's CPU time is not in it.
#[derive(Clone, Copy, Debug)]
struct Cost {
    count: Count,
    wall: Duration,
    cpu: Duration,
}

impl Cost {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.wall.as_secs_f64()
    }

    fn cpu_of_a_request(&self) -> f64 {
        micros(self.cpu, self.count.requests)
    }
}

/// CPU time of one of `count`, in µs.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn micros(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count as f64
}

fn main() -> Result<(), Failure> {
    if std::env::args().any(|word| word == "serve") {
        return serve();
    }
    print_machine();
    println!("{CLIENTS} connections, replies of {TOKENS} tokens, {LENGTH:?} a row\n");
    println!("| client | requests/s | events/s | CPU-µs/request | CPU-µs/event | server's CPU-µs/request |");
    println!("|---|---|---|---|---|---|");
    let (mut raw, mut driver) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw.push(row("raw", clients::raw)?);
        driver.push(row("driver", clients::driver)?);
    }
    let share = |of: fn(&Cost) -> f64| median(&driver, of) / median(&raw, of);
    println!(
        "\nDriver over raw client, medians: {:.1} % of its requests/s, {:.1} times its CPU time a request.",
        100.0 * share(|cost| cost.per_second(cost.count.requests)),
        share(Cost::cpu_of_a_request),
    );
    allocations()
}

/// Connections that are open then end with the process.
fn serve() -> Result<(), Failure> {
    let server = Server::start(TOKENS)?;
    println!("{}", server.address);
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Prints how often the driver allocates, and fails if the events of a reply
/// have a part in it.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn allocations() -> Result<(), Failure> {
    println!("\n| tokens a reply | allocations/request |\n|---|---|");
    let mut counts = Vec::new();
    for tokens in [TOKENS, 2 * TOKENS] {
        let server = Server::start(tokens)?;
        let count = clients::allocations(&server)?;
        server.finish()?;
        println!("| {tokens} | {count:.1} |");
        counts.push(count);
    }
    let more = (counts[1] - counts[0]) / TOKENS as f64;
    println!("\n{more:.4} allocations for each token more.");
    if more > ALLOCATIONS { Err(format!("more than {ALLOCATIONS} allocations a token").into()) } else { Ok(()) }
}

/// Measures one client against a server of its own, and prints it.
fn row(name: &str, client: fn(&Server) -> Result<Count, Failure>) -> Result<Cost, Failure> {
    let server = Server::start(TOKENS)?;
    let (started, cpu_at_start) = (Instant::now(), cpu(ClockId::ProcessCPUTime));
    let count = client(&server)?;
    let wall = started.elapsed();
    let server_cpu = server.finish()?;
    let client_cpu = cpu(ClockId::ProcessCPUTime).saturating_sub(cpu_at_start).saturating_sub(server_cpu);
    let cost = Cost { count, wall, cpu: client_cpu };
    println!(
        "| {name} | {:.0} | {:.0} | {:.1} | {:.3} | {:.1} |",
        cost.per_second(count.requests),
        cost.per_second(count.events),
        cost.cpu_of_a_request(),
        micros(client_cpu, count.events),
        micros(server_cpu, count.requests),
    );
    Ok(cost)
}

fn median(costs: &[Cost], of: fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print_machine() {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores, {}", model.map_or("model unknown", |(_, name)| name.trim()));
}

/// What a CPU clock shows.
fn cpu(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}
