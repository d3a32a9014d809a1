//! `runexp doctor --gpu`: the GPUs, and what it costs to ask.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use serde::Serialize;

use super::args::{DoctorArguments, Format};
use super::exit::{DONE, Failure, print, say};
use crate::record::{CallCost, GpuIdentity, GpuReading};
use crate::telemetry::{self, Opened, Tier, call_costs, cost_table};
use crate::trust;

/// Some counters tell of the time between two readings.
const BETWEEN: Duration = Duration::from_secs(1);
const READINGS: usize = 3;

/// What is found.
#[derive(Serialize)]
struct Found {
    gpus: Vec<GpuIdentity>,
    absent: Option<String>,
    driver: Option<String>,
    cuda: Option<String>,
    readings: Vec<GpuReading>,
    costs: Vec<CallCost>,
}

/// Reads every GPU once, and times every question to its driver.
pub(super) fn gpu(arguments: &DoctorArguments) -> Result<u8, Failure> {
    if let Some(path) = &arguments.record {
        record(path)?;
        say(format_args!("recorded in {}", path.display()));
    }
    let Opened { mut probe, gpus, absent, driver, cuda } = telemetry::open();
    let readings = probe.read(Tier::Whole);
    let found = Found { gpus, absent, driver, cuda, readings, costs: call_costs(probe.as_mut()) };
    match arguments.format {
        Format::Json => print(serde_json::to_string_pretty(&found)?),
        Format::Human => print(shown(&found)?.trim_end()),
    }
    Ok(DONE)
}

fn record(path: &Path) -> Result<(), Failure> {
    let (sink, lines) = mpsc::channel();
    let mut opened = telemetry::open_recording(move |line| drop(sink.send(line)));
    for _ in 0..READINGS {
        opened.probe.read(Tier::Whole);
        std::thread::sleep(BETWEEN);
        opened.probe.read(Tier::Quick);
    }
    drop(opened);
    let text: String = lines.iter().map(|line| line + "\n").collect();
    trust::replace(path, &text).map_err(|source| Failure::Write { path: path.to_owned(), source })
}

/// One GPU after the other, then the table of costs. A reading without a value
/// stands as its reason.
fn shown(found: &Found) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    if let Some(reason) = &found.absent {
        return Ok(reason.clone());
    }
    let unknown = || "unknown".to_owned();
    let (driver, cuda) = (found.driver.clone().unwrap_or_else(unknown), found.cuda.clone().unwrap_or_else(unknown));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "driver {driver}, CUDA {cuda}");
    for (gpu, reading) in found.gpus.iter().zip(&found.readings) {
        let _ = writeln!(text, "\n{} {}", gpu.name, gpu.uuid);
        let serde_json::Value::Object(values) = serde_json::to_value(reading)? else { continue };
        for (name, value) in values.iter().filter(|(name, _)| *name != "uuid") {
            let told = value.get("value").or_else(|| value.get("absent")).unwrap_or(value);
            let _ = writeln!(text, "  {name:24} {told}");
        }
    }
    let _ = write!(text, "\n{}", cost_table(&found.costs));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_gpu_is_told_why() {
        let absent = Some("the NVIDIA driver sees no GPU".to_owned());
        let (gpus, readings, costs) = (Vec::new(), Vec::new(), Vec::new());
        let found = Found { gpus, absent, driver: None, cuda: None, readings, costs };
        assert_eq!(shown(&found).unwrap(), "the NVIDIA driver sees no GPU");
    }
}
