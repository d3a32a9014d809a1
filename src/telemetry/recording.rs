//! A recording of what a driver answered, line by line: the machine first, then
//! every question with its answer. It is asked again as if it were the driver.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::call::{Answer, Call, Driver, Refusal, RefusalKind};
use super::gpus::Gpus;
use super::machine::{HostMemory, Machine};
use super::probe::Opened;
use crate::host;

/// A question and its answer.
#[derive(Serialize, Deserialize)]
struct Line {
    gpu: usize,
    call: Call,
    #[serde(flatten)]
    said: Said,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Answer(Answer),
    Refusal(Refusal),
}

/// A driver that is written down.
pub(super) struct Recorder<D, W> {
    driver: D,
    write: W,
}

impl<D: Driver, W: FnMut(String)> Recorder<D, W> {
    pub(super) fn new(driver: D, machine: &Machine, mut write: W) -> Self {
        write_machine(machine, &mut write);
        Self { driver, write }
    }
}

/// The first line of a recording.
pub(super) fn write_machine(machine: &Machine, mut write: impl FnMut(String)) {
    let memory = host::memory();
    let host = memory.map(|memory| HostMemory { total: memory.total.0, available: memory.available.0 });
    write(line(&Machine { host_memory_bytes: host, ..machine.clone() }));
}

/// Plain data with text keys always has a JSON form.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl<D: Driver, W: FnMut(String) + Send> Driver for Recorder<D, W> {
    fn ask(&mut self, gpu: usize, call: Call) -> Result<Answer, Refusal> {
        let answer = self.driver.ask(gpu, call);
        let said = answer.clone().map_or_else(Said::Refusal, Said::Answer);
        (self.write)(line(&Line { gpu, call, said }));
        answer
    }
}

/// Answers each question as it was answered when recorded; the last answer
/// stands for all later ones.
struct Replay(HashMap<(usize, Call), Answers>);

#[derive(Default)]
struct Answers {
    said: Vec<Said>,
    next: usize,
}

impl Driver for Replay {
    fn ask(&mut self, gpu: usize, call: Call) -> Result<Answer, Refusal> {
        let unasked = || Refusal::new(RefusalKind::NotSupported, "the recording does not hold this question");
        let answers = self.0.get_mut(&(gpu, call)).ok_or_else(unasked)?;
        let said = answers.said.get(answers.next.min(answers.said.len().saturating_sub(1)));
        answers.next += 1;
        match said.cloned().ok_or_else(unasked)? {
            Said::Answer(answer) => Ok(answer),
            Said::Refusal(refusal) => Err(refusal),
        }
    }
}

/// Opens a recording as if it were this machine's driver.
///
/// # Errors
/// If a line is not one of a recording; the line's number, from 1, and what is
/// wrong with it.
pub fn replay(recording: &str) -> Result<Opened, (usize, String)> {
    let (replay, machine) = parse(recording)?;
    Ok(match &machine.absent {
        Some(_) => Opened::nothing(machine),
        None => Opened::new(Box::new(Gpus::new(replay, &machine)), machine),
    })
}

fn parse(recording: &str) -> Result<(Replay, Machine), (usize, String)> {
    let mut lines = recording.lines().zip(1..);
    let (first, _) = lines.next().ok_or_else(|| (1, "it is empty".to_owned()))?;
    let machine: Machine = serde_json::from_str(first).map_err(|error| (1, error.to_string()))?;
    let mut answers: HashMap<(usize, Call), Answers> = HashMap::new();
    for (text, number) in lines {
        let Line { gpu, call, said } = serde_json::from_str(text).map_err(|error| (number, error.to_string()))?;
        answers.entry((gpu, call)).or_default().said.push(said);
    }
    Ok((Replay(answers), machine))
}

/// A recording of a recording.
#[cfg(test)]
pub(super) fn recorded(recording: &str, write: impl FnMut(String) + Send + 'static) -> Opened {
    let (replay, machine) = parse(recording).unwrap();
    Opened::new(Box::new(Gpus::new(Recorder::new(replay, &machine, write), &machine)), machine)
}
