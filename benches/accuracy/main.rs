//! How late the load driver notices what a server sent: `cargo bench --bench
//! accuracy`.
//!
//! A server in this process sends each stream its first token 50 ms after the
//! request and 127 more 10 ms apart, one write each, and notes when it handed
//! each to the kernel, by the clock that the driver reads. Streams start
//! spread over the length of a reply, so at n streams about n / 10 tokens are
//! due every millisecond. The driver does all that it does in a run.
//!
//! Columns, all over the requests sent in the 5 s window: *TTFT error* is the
//! driver's time to first token less the server's own, which counts from the
//! whole request read: it holds the way there, the way back and the server's
//! own wake-up. *First token late* is from the server's write to the driver's
//! time stamp. *Gap error* is the difference between the two views of each
//! gap. *Delay* is how long something that arrives at any moment waits for the
//! driver, as the driver itself finds out.
//!
//! Goals: TTFT error under 1 ms on average and 5 ms at p99 at 400 streams on
//! two cores that driver and server share; under 3 ms on average at 1 000.
//!
//! Measured on 2026-11-25, three runs on 2 virtual cores of an AMD EPYC with no
//! other work begun, mean / p99 in ms:
//!
//! | run | figure | 1 stream | 100 | 400 | 1 000 |
//! |---|---|---|---|---|---|
//! | 1 | TTFT error | 0.102 / 0.122 | 0.247 / 0.824 | 0.428 / 1.555 | 16.6 / 169 |
//! | 2 | TTFT error | 0.233 / 0.557 | 0.312 / 1.261 | 0.655 / 4.401 | 14.5 / 127 |
//! | 3 | TTFT error | 0.122 / 0.149 | 0.395 / 1.620 | 2.039 / 10.9 | 40.5 / 256 |
//! | 1 | first token late | 0.065 / 0.087 | 0.139 / 0.758 | 0.202 / 1.167 | 1.304 / 16.4 |
//! | 2 | first token late | 0.195 / 0.512 | 0.161 / 0.907 | 0.317 / 2.253 | 1.004 / 8.181 |
//! | 3 | first token late | 0.088 / 0.110 | 0.215 / 1.231 | 1.232 / 9.989 | 0.790 / 8.909 |
//!
//! So the goal at 400 streams was met in two runs of three by either figure;
//! that at 1 000 in none by the TTFT error, and in all by the lateness against
//! the server's write. Between the two lies the way of the request: from its
//! sending until the server has read it. At 1 000 streams the server, on one
//! thread, took 0.8 of a core and sent 78 000 to 80 000 tokens a second where
//! its pace asks for some 96 000, so it was late itself. With other work on the
//! machine, on 2026-11-22 and 23, the goal at 400 was met once in five.
#![expect(clippy::disallowed_methods, reason = "a bench is all effects")]

use std::time::Duration;

use runexp::clock::Clock;
use runexp::loopback::{Pace, Traffic, Trial, Tried, attempt};
use runexp::scenario::Length;
use runexp::stats::Sample;
use runexp::units::{Nanos, Period};

const STREAMS: [u32; 4] = [1, 100, 400, 1000];
const PACE: Pace = Pace::Paced { first: Duration::from_millis(50), gap: Duration::from_millis(10) };
const TOKENS: u32 = 128;
/// Two replies, so that streams have spread when the window begins.
const WARMUP: Period = Period::from_secs(3);
const WINDOW: Period = Period::from_secs(5);

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    print_machine();
    println!("{TOKENS} tokens a reply, {WINDOW} a row; all times in ms\n");
    println!(
        "| streams | tokens/s | TTFT error mean | p99 | first token late mean | p99 | gap error mean | p99 \
         | delay mean | longest stall | stalls | driver's cores | server's cores |"
    );
    println!("|{}", "---|".repeat(13));
    for streams in STREAMS {
        row(streams)?;
    }
    Ok(())
}

fn row(streams: u32) -> Result<(), Failure> {
    let trial = Trial {
        pace: PACE,
        tokens: TOKENS,
        load: Traffic::Clients(streams),
        warmup: WARMUP,
        length: Length::Duration(WINDOW),
    };
    let tried = attempt(&trial, Clock::start(), None)?;
    let accuracy = tried.accuracy.as_ref().ok_or("no reply was whole")?;
    let honesty = &tried.driven.honesty;
    println!(
        "| {streams} | {:.0} | {} | {} | {} | {} | {} | {} | {} |",
        tried.per_second(tried.tokens),
        both(&accuracy.ttft),
        both(&accuracy.first_token_late),
        both(&accuracy.gap),
        told(honesty.loop_delay_mean_ns),
        told(honesty.loop_stall_max_ns),
        honesty.loop_stalls.unwrap_or_default(),
        cores(&tried),
    );
    Ok(())
}

/// Mean and p99 in ms.
fn both(sample: &Sample) -> String {
    format!("{:.3} | {:.3}", sample.mean() * 1e3, sample.quantile(0.99) * 1e3)
}

fn told(time: Option<Nanos>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{:.2}", time.seconds() * 1e3))
}

fn cores(tried: &Tried) -> String {
    let told = |cores: Option<f64>| cores.map_or_else(|| "–".to_owned(), |cores| format!("{cores:.2}"));
    format!("{} | {}", told(tried.driver_cores()), told(tried.server_cores))
}

fn print_machine() {
    let facts = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!("{cores} cores, {}, load {load}", model.map_or("model unknown", |(_, name)| name.trim()));
}
