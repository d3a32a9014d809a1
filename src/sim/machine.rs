//! Machines as data: `scenarios/machines/<name>.toml`, four of them embedded.
#![expect(clippy::disallowed_methods, reason = "reads machine files")]

mod file;

use std::path::{Path, PathBuf};

use super::model::{Gpu, Host, Model};
use crate::record::{Environment, GpuIdentity};
use crate::units::Bytes;

const EMBEDDED: [(&str, &str); 4] = [
    ("dgx-spark", include_str!("../../scenarios/machines/dgx-spark.toml")),
    ("h100", include_str!("../../scenarios/machines/h100.toml")),
    ("m4-pro", include_str!("../../scenarios/machines/m4-pro.toml")),
    ("rtx-5090", include_str!("../../scenarios/machines/rtx-5090.toml")),
];

/// A machine that can be simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    name: String,
    title: String,
    pub(super) gpu: Gpu,
    pub(super) model: Model,
    pub(super) host: Host,
}

/// There is no such machine, or its file is not one.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// No file and no embedded machine has this name.
    #[error("no simulated machine is called `{name}`; there are {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Its file could not be read.
    #[error("failed to read machine file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its file is not TOML, lacks a parameter or holds one too many.
    #[error("machine file `{origin}` is not a machine")]
    Parse {
        /// The file, or the name of the embedded machine.
        origin: String,
        /// Where and why.
        source: toml::de::Error,
    },
    /// A parameter is out of range.
    #[error("machine file `{origin}`: `{parameter}` is {value}, which is not {range}")]
    Range {
        /// The file, or the name of the embedded machine.
        origin: String,
        /// The parameter, `gpu.slice_ms` say.
        parameter: &'static str,
        /// What was given.
        value: f64,
        /// What can be given, in words.
        range: &'static str,
    },
    /// A parameter does not say where it comes from.
    #[error("machine file `{origin}`: the `source` of `{parameter}` is empty; say where the value comes from")]
    NoSource {
        /// The file, or the name of the embedded machine.
        origin: String,
        /// The parameter.
        parameter: &'static str,
    },
}

/// The machine called `name`: from `<dir>/<name>.toml` in the first of `dirs`
/// that has it, else the embedded one.
///
/// # Errors
/// When there is none, or its file cannot be read or is not valid.
pub fn find(name: &str, dirs: &[PathBuf]) -> Result<Machine, MachineError> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    for dir in dirs.iter().filter(|_| plain) {
        let path = dir.join(format!("{name}.toml"));
        match std::fs::read_to_string(&path) {
            Ok(text) => return file::parse(name, &path.display().to_string(), &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(MachineError::Read { path, source }),
        }
    }
    match EMBEDDED.iter().find(|(embedded, _)| *embedded == name) {
        Some((_, text)) => file::parse(name, name, text),
        None => Err(MachineError::Unknown { name: name.to_owned(), known: known(dirs) }),
    }
}

fn known(dirs: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.extend(dirs.iter().flat_map(|dir| machine_files(dir)));
    names.sort();
    names.dedup();
    names
}

fn machine_files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

impl Machine {
    /// What it is called on the command line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it models, in words.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What a manifest says of it. Nothing of the host that simulates it.
    pub fn environment(&self) -> Environment {
        let memory = Bytes(self.gpu.memory_bytes);
        let gpu = GpuIdentity {
            uuid: self.gpu_uuid(),
            name: self.gpu.name.clone(),
            memory_bytes: (!self.gpu.unified).then_some(memory),
            bandwidth_bytes_per_s: Some(self.gpu.bandwidth_bytes_per_s),
            ..GpuIdentity::default()
        };
        Environment { memory_bytes: self.gpu.unified.then_some(memory), gpus: vec![gpu], ..Environment::default() }
    }

    pub(super) fn gpu_uuid(&self) -> String {
        format!("GPU-simulated-{}", self.name)
    }
}

#[cfg(test)]
mod tests;
