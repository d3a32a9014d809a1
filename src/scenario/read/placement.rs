use indexmap::IndexMap;

use super::super::tables::ServerKeys;
use crate::format::{Code, Key, Value};

/// On which CPUs and GPUs a server of ours runs.
///
/// Both are told to the process in the plainest way, so that a plan and its
/// script show what is done: `taskset` in front of its command (util-linux),
/// and CUDA's own variables in its environment. NVML counts GPUs by PCI bus;
/// CUDA does so only if it is told.
#[derive(Debug, Default)]
pub(super) struct Placement {
    cpus: Option<String>,
    gpu: Option<String>,
}

impl Placement {
    /// `cpus = "0-3,8"` and `gpu = 1`, each a number or a text, so that
    /// `"{{ index }}"` does.
    pub(super) fn read(keys: &ServerKeys<'_>) -> Self {
        let cpus = read_list(keys.cpus, is_cpus, "write CPUs as Linux counts them: \"0-3,8\"");
        let gpu = read_list(keys.gpu, is_gpu, "write its number in `nvidia-smi -L`, or its UUID: \"GPU-…\", \"MIG-…\"");
        Self { cpus, gpu }
    }

    /// Whether it says nothing; what it says fits only a process of ours.
    pub(super) const fn is_empty(&self) -> bool {
        self.cpus.is_none() && self.gpu.is_none()
    }

    /// The command and its environment, so placed. What the scenario says in
    /// `env` itself goes first.
    pub(super) fn place(self, argv: Vec<String>, env: &mut IndexMap<String, String>) -> Vec<String> {
        if let Some(gpu) = self.gpu {
            env.entry("CUDA_DEVICE_ORDER".to_owned()).or_insert_with(|| "PCI_BUS_ID".to_owned());
            env.entry("CUDA_VISIBLE_DEVICES".to_owned()).or_insert(gpu);
        }
        match self.cpus {
            Some(cpus) => ["taskset".to_owned(), "-c".to_owned(), cpus].into_iter().chain(argv).collect(),
            None => argv,
        }
    }
}

fn read_list<T>(key: Key<'_, T>, fits: fn(&str) -> bool, help: &str) -> Option<String> {
    let node = key.node()?;
    let text = match &node.value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.trim().to_owned(),
        _ => String::new(),
    };
    if !text.is_empty() && text.split(',').all(fits) {
        return Some(text);
    }
    key.advise(Code::Value, format!("`{}` names nothing", key.name()), help);
    None
}

fn is_cpus(part: &str) -> bool {
    let is_number = |text: &str| text.parse::<u16>().is_ok();
    match part.split_once('-') {
        Some((first, last)) => is_number(first) && is_number(last),
        None => is_number(part),
    }
}

fn is_gpu(part: &str) -> bool {
    let is_uuid =
        |rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '/');
    part.parse::<u16>().is_ok() || ["GPU-", "MIG-"].iter().any(|kind| part.strip_prefix(kind).is_some_and(is_uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_numbers_and_ranges() {
        let wrong = ["", "a", "0-", "-3", "0-3-5", "0x1"];
        assert!(["0", "0-3", "15"].into_iter().all(is_cpus) && !wrong.into_iter().any(is_cpus));
    }

    #[test]
    fn a_gpu_is_a_number_or_a_uuid() {
        let right = ["0", "7", "GPU-5fd4bd72-0d45-0c9a-7a4d-5a2b5f3d8a11", "MIG-GPU-5fd4bd72/3/0"];
        assert!(right.into_iter().all(is_gpu) && !["", "GPU-", "H100", "GPU-a b", "-1"].into_iter().any(is_gpu));
    }

    #[test]
    fn a_placed_command_keeps_what_its_environment_says() {
        let placement = Placement { cpus: Some("0-3".to_owned()), gpu: Some("1".to_owned()) };
        let mut env = IndexMap::from([("CUDA_DEVICE_ORDER".to_owned(), "FASTEST_FIRST".to_owned())]);
        let argv = placement.place(vec!["serve".to_owned()], &mut env);
        assert_eq!(argv, ["taskset", "-c", "0-3", "serve"]);
        assert_eq!(env.values().collect::<Vec<_>>(), ["FASTEST_FIRST", "1"]);
    }
}
