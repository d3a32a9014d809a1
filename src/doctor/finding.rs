use std::fmt::{self, Write as _};

use serde::Serialize;

/// What was found on one topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// On what.
    pub what: Topic,
    /// How that is.
    pub state: State,
    /// What was found, in words.
    pub found: String,
    /// What a person can do about it; nothing where all is good.
    pub advice: Option<String>,
}

/// What is examined, in the order of the examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The GPUs and their driver.
    Gpu,
    /// Whether a private MPS daemon can be started.
    Mps,
    /// Docker, Compose, and whether containers can have the GPU.
    Docker,
    /// What steps may do.
    Rights,
    /// What sets the CPU's frequency.
    Governor,
    /// What the kernel reads the time from.
    ClockSource,
    /// What is free of the host's memory.
    Memory,
    /// How many connections can be open.
    Descriptors,
    /// How what a run starts is held together.
    Containment,
    /// How far two equals differ on loopback.
    Noise,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As runs want it.
    Good,
    /// Runs can do with it, but not as well, or not all of them.
    Attention,
    /// It is not there; what needs it cannot be run.
    Missing,
}

impl Finding {
    pub(super) fn good(what: Topic, found: impl Into<String>) -> Self {
        Self { what, state: State::Good, found: found.into(), advice: None }
    }

    pub(super) fn attention(what: Topic, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, state: State::Attention, found: found.into(), advice: Some(advice.into()) }
    }

    pub(super) fn missing(what: Topic, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, state: State::Missing, found: found.into(), advice: Some(advice.into()) }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gpu => "GPU",
            Self::Mps => "MPS",
            Self::Docker => "Docker",
            Self::Rights => "rights",
            Self::Governor => "CPU governor",
            Self::ClockSource => "clock source",
            Self::Memory => "memory",
            Self::Descriptors => "descriptors",
            Self::Containment => "containment",
            Self::Noise => "noise",
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Missing => "missing",
        })
    }
}

/// A line for each, and its advice on the line beneath.
pub fn table(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, state, found, advice } in findings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{what:12}  {state:9}  {found}");
        if let Some(advice) = advice {
            let _ = writeln!(text, "{:25}help: {advice}", "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_stands_beneath_what_was_found() {
        let findings = [
            Finding::good(Topic::Gpu, "NVIDIA H100 80GB HBM3"),
            Finding::attention(Topic::ClockSource, "hpet", "take another"),
            Finding::missing(Topic::Docker, "`docker` is not on PATH", "install it"),
        ];
        insta::assert_snapshot!(table(&findings), @r"
        GPU           good       NVIDIA H100 80GB HBM3
        clock source  attention  hpet
                                 help: take another
        Docker        missing    `docker` is not on PATH
                                 help: install it
        ");
    }
}
