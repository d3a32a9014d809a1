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
//! *First token late* is the error against the stamp that the server gave when
//! it wrote, and what the goals are held against. The TTFT error holds the
//! server's own lateness, too.
//!
//! Measured on 2026-11-25 from 23:35 on, three runs one after the other on 2
//! virtual cores of an AMD EPYC with no other work begun, mean / p99 in ms:
//!
//! | run | figure | 1 stream | 100 | 400 | 1 000 |
//! |---|---|---|---|---|---|
//! | 1 | first token late | 0.146 / 0.300 | 0.298 / 2.212 | 0.386 / 3.440 | 0.398 / 4.873 |
//! | 2 | first token late | 0.093 / 0.114 | 0.128 / 0.556 | 0.146 / 2.165 | 0.312 / 5.207 |
//! | 3 | first token late | 0.102 / 0.108 | 0.162 / 1.102 | 0.453 / 4.053 | 0.412 / 7.527 |
//! | 1 | TTFT error | 0.188 / 0.346 | 0.575 / 3.305 | 1.110 / 6.484 | 111 / 452 |
//! | 2 | TTFT error | 0.163 / 0.210 | 0.225 / 0.627 | 0.419 / 2.774 | 93 / 392 |
//! | 3 | TTFT error | 0.143 / 0.152 | 0.301 / 1.636 | 1.772 / 17.89 | 189 / 461 |
//!
//! Against the stamp both goals were met in all three; by the TTFT error, that
//! at 400 streams in one and that at 1 000 in none. Between the two lies the way
//! of the request: from its sending until the server has read it. At 1 000
//! streams the server, on one thread, took 0.87 of a core and sent 69 000 to
//! 76 000 tokens a second where its pace asks for some 96 000, so it was late
//! itself. Before clients were shared out to threads, that evening on the same
//! machine, the lateness at 400 was met in two runs of three.
//!
//! On 2026-11-26, on another machine of the same kind whose host took 2 to 9 %
//! of the processors' time for others, eight runs: the first token was late at
//! 400 streams by 0.13 to 0.84 ms on average and 1.4 to 6.5 ms at p99 (over 5 ms
//! in two of the eight), at 1 000 by 0.19 to 0.81 and 2.9 to 10.1 ms. The TTFT
//! error at 400 was 0.44 to 2.6 ms on average. On a third machine, twice as fast
//! and quiet, three runs the same day: at 400 streams 0.08 to 0.10 ms on average
//! and 0.5 ms at p99, at 1 000 0.04 to 0.08 and 0.1 to 1.9; the TTFT error 0.20 to
//! 0.24 and 0.35 to 0.57 ms on average. All goals were met, by either measure.
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
    let honesty = &tried.driven.health;
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
