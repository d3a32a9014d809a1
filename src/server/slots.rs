//! How many requests a server works on at once, as far as it can be read.

use std::path::Path;

use regex::Regex;

use crate::dialect::Api;
use crate::process::{command_line, read_from};
use crate::record::{ProcessIdentity, SlotsSeen, SlotsSource};

/// A server that is ready has written less.
const MOST_LOG: u64 = 4 << 20;
/// Ollama 0.17 and its engine: `msg=load request="{Operation:commit … Parallel:3 …}"`.
const LOAD_LINE: &str = r#"Operation:commit[^"\n]*\bParallel:(\d+)"#;
/// What Ollama gives the server that it starts for a model, in any of its
/// versions.
const OPTIONS: [&str; 2] = ["-np", "--parallel"];

/// What the log of an Ollama, and the command lines of its processes, say of
/// the model that it loaded last. Other servers tell it themselves, or not at
/// all.
pub fn slots_of(api: Api, log: &Path, processes: &[ProcessIdentity]) -> Option<SlotsSeen> {
    match api {
        Api::Ollama => {
            let by_command = || {
                let lines = processes.iter().map(|process| command_line(process.pid));
                let count = lines.filter_map(|line| of_command(&line)).next_back()?;
                Some(SlotsSeen { count, by: SlotsSource::CommandLine })
            };
            let log = read_from(log, 0, MOST_LOG).unwrap_or_default();
            let by_log = of_log(&String::from_utf8_lossy(&log)).map(|count| SlotsSeen { count, by: SlotsSource::Log });
            by_log.or_else(by_command)
        }
        Api::OpenAi | Api::LlamaServer => None,
    }
}

fn of_log(log: &str) -> Option<u32> {
    let line = Regex::new(LOAD_LINE).ok()?;
    line.captures_iter(log).last()?.get(1)?.as_str().parse().ok()
}

fn of_command(words: &[String]) -> Option<u32> {
    let mut words = words.iter();
    let option = words.by_ref().find(|word| OPTIONS.contains(&word.split('=').next().unwrap_or_default()))?;
    option.split_once('=').map_or_else(|| words.next().map(String::as_str), |(_, count)| Some(count))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_model_that_was_loaded_counts() {
        let log = "time=… msg=load request=\"{Operation:fit Parallel:1 KvSize:4096}\"\n\
                   time=… msg=load request=\"{Operation:commit LoraPath:[] Parallel:1 BatchSize:512 KvSize:4096 UseMmap:false}\"\n\
                   time=… msg=load request=\"{Operation:commit LoraPath:[] Parallel:3 BatchSize:512 KvSize:12288 UseMmap:false}\"\n\
                   time=… msg=load request=\"{Operation:close Parallel:7}\"\n";
        assert_eq!(of_log(log), Some(3));
        assert_eq!(of_log("OLLAMA_NUM_PARALLEL:3"), None);
    }

    #[test]
    fn every_way_to_write_the_option_is_read() {
        let of = |line: &str| of_command(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of("llama-server --model m --port 1 -c 12288 -np 3"), Some(3));
        assert_eq!(of("ollama runner --ctx-size 8192 --parallel 4 --port 1"), Some(4));
        assert_eq!(of("llama-server --parallel=2"), Some(2));
        assert_eq!(of("ollama serve"), None);
        assert_eq!(of("llama-server -np"), None);
    }
}
