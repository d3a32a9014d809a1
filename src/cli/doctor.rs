use std::fmt::Write as _;

use serde::Serialize;
use tokio::task::spawn_blocking;

use super::args::{DoctorArguments, Format};
use super::exit::{DONE, Failure, interrupted, print, say};
use super::signals;
use crate::clock::Clock;
use crate::doctor::{self, Finding, Noise};
use crate::journal::StateFolder;
use crate::loopback::Certificate;
use crate::run::Interrupt;
use crate::units::Nanos;

/// Under this name it lies in the state folder.
pub(super) const CERTIFICATE: &str = "loopback.json";

/// What is found. What was left out is `null`.
#[derive(Default, Serialize)]
struct Examination {
    findings: Vec<Finding>,
    noise: Option<Noise>,
    certificate: Option<Certificate>,
}

/// Examines the machine, finds out what its load driver can do, and keeps that.
pub(super) fn doctor(arguments: &DoctorArguments) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Host { what: "start the runtime", source })?;
    let interrupt = Interrupt::default();
    let examined = runtime.block_on(async {
        signals::listen(&interrupt, false).map_err(|source| Failure::Host { what: "listen for signals", source })?;
        examine(arguments, &interrupt).await
    });
    // A trial that nobody waits for any more ends with the process.
    runtime.shutdown_background();
    let examination = examined?;
    if let Some(signal) = interrupt.signal() {
        return Ok(interrupted(signal));
    }
    if arguments.format == Format::Json {
        print(serde_json::to_string_pretty(&examination)?);
    }
    Ok(DONE)
}

/// For people each part is shown as soon as it is there. After a signal the
/// rest is missing.
async fn examine(arguments: &DoctorArguments, interrupt: &Interrupt) -> Result<Examination, Failure> {
    let mut examination = Examination::default();
    let show = |text: &str| {
        if arguments.format == Format::Human && interrupt.signal().is_none() {
            print(text.trim_end());
        }
    };
    if !arguments.loopback {
        examination.findings = doctor::examine(interrupt.token()).await?;
        show(&doctor::table(&examination.findings));
    }
    if !arguments.loopback && !arguments.quick {
        say("driving a server of my own on loopback as A and as B, for about 17 s");
        if let Some(noise) = unless(interrupt, || doctor::noise(Clock::start())).await? {
            let finding = noise.finding();
            show(&doctor::table(std::slice::from_ref(&finding)));
            examination.findings.push(finding);
            examination.noise = Some(noise);
        }
    }
    if !arguments.quick && interrupt.signal().is_none() {
        examination.certificate = certify(interrupt).await?;
        if let Some(certificate) = &examination.certificate {
            show(&format!("\n{}", shown(certificate)));
        }
    }
    Ok(examination)
}

async fn certify(interrupt: &Interrupt) -> Result<Option<Certificate>, Failure> {
    let state = StateFolder::open()?;
    say("loading servers of my own on loopback, for about 20 s");
    let obtained = unless(interrupt, || Certificate::obtain(Clock::start(), env!("CARGO_PKG_VERSION"))).await?;
    if let Some(certificate) = &obtained {
        let kept = state.keep(CERTIFICATE, &serde_json::to_string_pretty(certificate)?)?;
        say(format_args!("kept in {}", kept.display()));
    }
    Ok(obtained)
}

/// The result of work that blocks; `None` as soon as a signal arrives.
async fn unless<T, E>(
    interrupt: &Interrupt,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<Option<T>, Failure>
where
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    tokio::select! {
        done = spawn_blocking(work) => match done {
            Ok(done) => done.map(Some).map_err(Into::into),
            Err(lost) => Err(Failure::Host { what: "finish a trial", source: lost.into() }),
        },
        () = interrupt.token().cancelled() => Ok(None),
    }
}

fn shown(certificate: &Certificate) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_tables(&mut text, certificate);
    text
}

fn write_tables(text: &mut String, certificate: &Certificate) -> std::fmt::Result {
    let machine = &certificate.machine;
    let cpus = machine.cpus.map_or_else(|| "an unknown number of".to_owned(), |cpus| cpus.to_string());
    let cpu = machine.cpu.as_deref().unwrap_or("an unknown CPU");
    let load = decimals(certificate.load_1m, 1.0, 1);
    writeln!(text, "{cpus} cores of {cpu}, load {load} before\n")?;
    writeln!(text, "clients, answered at once   requests/s    events/s   driver's cores")?;
    for row in &certificate.at_once {
        let cores = decimals(row.driver_cores, 1.0, 2);
        writeln!(text, "{:>25} {:>12.0} {:>11.0} {cores:>16}", row.clients, row.requests_per_s, row.events_per_s)?;
    }
    writeln!(text, "\nopen loop, requests/s   late to start, p99 (ms)")?;
    for row in &certificate.open {
        writeln!(text, "{:>21} {:>25}", row.requests_per_s, milliseconds(row.schedule_lag_p99_ns))?;
    }
    writeln!(text, "\npaced streams   TTFT error, mean (ms)   p99 (ms)   longest stall (ms)")?;
    for row in &certificate.paced {
        let (mean, p99) = (decimals(row.ttft_error_mean_s, 1e3, 2), decimals(row.ttft_error_p99_s, 1e3, 2));
        let stall = milliseconds(row.longest_stall_ns);
        writeln!(text, "{:>13} {mean:>23} {p99:>10} {stall:>20}", row.streams)?;
    }
    let faithful = match certificate.faithful_streams() {
        Some(streams) => format!("{streams} paced streams with a mean TTFT error under 1 ms"),
        None => "not one paced stream with a mean TTFT error under 1 ms".to_owned(),
    };
    let (requests, events) = (certificate.requests_per_s(), certificate.events_per_s());
    writeln!(text, "\nthis machine drives up to {requests:.0} requests/s, {events:.0} events/s; {faithful}")
}

fn milliseconds(time: Option<Nanos>) -> String {
    decimals(time.map(Nanos::seconds), 1e3, 2)
}

/// `–` stands for what is not known.
fn decimals(value: Option<f64>, scale: f64, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.decimals$}", value * scale))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::loopback::{AtOnce, OpenLoop, Streams};
    use crate::record::Environment;

    fn certificate() -> Certificate {
        let streams = |streams, mean, p99| Streams {
            streams,
            ttft_error_mean_s: Some(mean),
            ttft_error_p99_s: p99,
            longest_stall_ns: Some(Nanos(1_234_567)),
        };
        Certificate {
            made: chrono::DateTime::default(),
            runexp: "0.1.0".to_owned(),
            machine: Environment { cpus: Some(2), cpu: Some("AMD EPYC".to_owned()), ..Environment::default() },
            load_1m: Some(0.3),
            at_once: vec![AtOnce {
                clients: 32,
                requests_per_s: 5_843.2,
                events_per_s: 747_929.6,
                driver_cores: Some(1.004),
            }],
            open: vec![OpenLoop { requests_per_s: 2_000.0, schedule_lag_p99_ns: Some(Nanos(950_000)) }],
            paced: vec![streams(1, 0.000_3, None), streams(400, 0.000_9, Some(0.004))],
        }
    }

    #[test]
    fn tables_end_with_one_plain_sentence() {
        assert_snapshot!(shown(&certificate()), @r"
        2 cores of AMD EPYC, load 0.3 before

        clients, answered at once   requests/s    events/s   driver's cores
                               32         5843      747930             1.00

        open loop, requests/s   late to start, p99 (ms)
                         2000                      0.95

        paced streams   TTFT error, mean (ms)   p99 (ms)   longest stall (ms)
                    1                    0.30          –                 1.23
                  400                    0.90       4.00                 1.23

        this machine drives up to 5843 requests/s, 747930 events/s; 400 paced streams with a mean TTFT error under 1 ms
        ");
    }

    #[test]
    fn a_machine_too_busy_for_one_stream_is_told_so() {
        let mut busy = certificate();
        for row in &mut busy.paced {
            row.ttft_error_mean_s = Some(0.001);
        }
        let shown = shown(&busy);
        assert_snapshot!(shown.lines().last().unwrap(), @"this machine drives up to 5843 requests/s, 747930 events/s; not one paced stream with a mean TTFT error under 1 ms");
    }

    #[test]
    fn a_certificate_reads_back_as_it_was_written() {
        let written = serde_json::to_string(&certificate()).unwrap();
        assert_eq!(serde_json::from_str::<Certificate>(&written).unwrap(), certificate());
    }
}
