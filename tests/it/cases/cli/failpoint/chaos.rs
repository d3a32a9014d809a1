//! Random steps, and somebody who is killed or interrupted at a random moment.
//!
//! `RUNEXP_CHAOS=200 cargo test --test it chaos -- --nocapture` tries the seeds
//! from 0 to 199; `RUNEXP_CHAOS=17..18` only the seed 17.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use runexp::process::{RUN_MARK, marked};
use rustix::process::{Signal, kill_process};

use super::super::folder::{Said, Started};
use super::super::leftover_children::WITHOUT_CONTROL_GROUPS;
use super::super::machine::{Canary, Machine};

const SEEDS: Range<u64> = 0..12;
const AT_ONCE: usize = 4;

const HEAD: &str = r#"
schema = 1
name = "machine"
title = "Chaos"

[design]
repetitions = 1

[[phase]]
name = "load"
clients = 1
duration = "20ms"
drain = "10ms"
request = { prompt = "hello", max_tokens = 3 }

[[server]]
name = "shell"
api = "openai"
model = "m"
"#;

/// Its child bears the run's mark: without a control group and with nobody left
/// of the run, nothing else would tell whose it is.
const SERVER: &str = "(setsid sleep 1000 &); echo ready; exec sleep 1000\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Runner,
    Warden,
    Both,
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Right after the journal's K-th line, by the failpoint.
    KillAt(usize, Who),
    /// When the K-th line is seen from outside: in the middle of anything.
    KillSeen(usize, Who),
    InterruptOnce(usize),
    InterruptTwice(usize),
    None,
}

impl Trouble {
    /// `lines` are about as many as the journal will get.
    fn draw(random: &mut ChaCha8Rng, lines: usize) -> Self {
        let line = random.random_range(1..=lines);
        let who = [Who::Runner, Who::Warden, Who::Both][random.random_range(0..3)];
        match random.random_range(0..10) {
            0..=3 => Self::KillAt(line, who),
            4..=6 => Self::KillSeen(line, who),
            7 => Self::InterruptOnce(line),
            8 => Self::InterruptTwice(line),
            _ => Self::None,
        }
    }

    fn kind(self) -> String {
        match self {
            Self::KillAt(_, who) => format!("{who:?} killed after a line"),
            Self::KillSeen(_, who) => format!("{who:?} killed from outside"),
            Self::InterruptOnce(_) => "SIGINT once".to_owned(),
            Self::InterruptTwice(_) => "SIGINT twice".to_owned(),
            Self::None => "nobody killed".to_owned(),
        }
    }

    /// The run until nobody of it can write any more, and what befell it.
    fn befall(self, machine: &Machine, mut command: Command) -> (Said, Self) {
        if let Self::KillAt(line, who) = self {
            command.env("RUNEXP_FAILPOINT", format!("journal:{line}:{who:?}").to_lowercase());
        }
        let started = Started::of(&machine.folder, command);
        let (Self::KillSeen(line, _) | Self::InterruptOnce(line) | Self::InterruptTwice(line)) = self else {
            let said = started.wait();
            let is_dead = said.code.is_none() || said.to_string().contains("the run died");
            return (said, if is_dead { self } else { Self::None });
        };
        let started = match started.while_alive_until(|| machine.journal_lines() > line) {
            Ok(started) => started,
            Err(said) => return (said, Self::None),
        };
        let (warden, runner) = (vec![started.pid()], started.children());
        let (victims, signal) = match self {
            Self::KillSeen(_, Who::Runner) => (runner, Signal::KILL),
            Self::KillSeen(_, Who::Warden) => (warden, Signal::KILL),
            Self::KillSeen(_, Who::Both) => ([warden, runner].concat(), Signal::KILL),
            Self::InterruptTwice(_) => ([warden.clone(), warden].concat(), Signal::INT),
            Self::InterruptOnce(_) | Self::KillAt(..) | Self::None => (warden, Signal::INT),
        };
        for pid in victims {
            // The runner may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
        (started.wait(), self)
    }
}

/// A step of a random kind; `number` is its own.
fn step(random: &mut ChaCha8Rng, number: usize, knob: &mut String) -> String {
    let file = format!("world/file-{number}");
    let shell =
        |script: &str, undo: &str, more: &str| format!("shell = {{ script = {script:?}, undo = {undo:?} }}{more}");
    match random.random_range(0..13) {
        0 => {
            let undo = format!("grep -vx {number} world/list > list.{number}; mv list.{number} world/list");
            shell(&format!("echo {number} >> world/list"), &undo, "")
        }
        1 | 2 => {
            let before = std::mem::replace(knob, format!("tuned {number}"));
            let [tune, restore] = [&*knob, &before].map(|value| format!("echo {value} > world/knob"));
            format!("run = {{ argv = ['sh', '-c', '{tune}'], undo = ['sh', '-c', '{restore}'] }}")
        }
        3 => "mps = { action = 'start' }".to_owned(),
        4 => "compose = { file = 'compose.yaml' }".to_owned(),
        5 => "pull = { model = 'm:1b', server = 'OLLAMA', remove_after = true }".to_owned(),
        6 => "lock_clocks = { graphics_mhz = 1500 }".to_owned(),
        7 => "shell = '(setsid sh -c \"setsid sleep 1000 & sleep 1000\" &)'".to_owned(),
        // It goes on and on, it fails, it hangs until its time is over, its undo
        // fails once, its undo was done already.
        11 => {
            let slow = format!("for i in 1 2 3 4 5 6 7 8; do echo $i > {file}; sleep 0.02; done");
            shell(&slow, &format!("rm -f {file}"), "")
        }
        8 => {
            let end = if random.random_bool(0.2) { "" } else { "\non_error = 'warn'" };
            shell(&format!("echo > {file}; exit 1"), &format!("rm -f {file}"), end)
        }
        9 => {
            let hang = format!("echo > {file}; sleep 1000");
            shell(&hang, &format!("rm -f {file}"), "\ntimeout = '300ms'\non_error = 'warn'")
        }
        10 => {
            let once = format!("test -e tried-{number} || {{ echo > tried-{number}; exit 1; }}; rm -f {file}");
            shell(&format!("echo > {file}"), &once, "")
        }
        _ => shell(&format!("echo > {file}; rm {file}"), &format!("rm -f {file}"), ""),
    }
}

/// A server that is ready, one that never is, one that will not stop.
fn server(random: &mut ChaCha8Rng) -> &'static str {
    match random.random_range(0..4) {
        0 | 1 => "run = ['sh', 'server.sh']\nready = { log = 'ready', within = '20s' }\n",
        2 => "run = ['sleep', '1000']\nready = { log = 'ready', within = '300ms' }\n",
        _ => {
            "run = ['sh', '-c', 'trap : TERM; echo ready; while :; do sleep 0.05; done']\n\
             ready = { log = 'ready', within = '20s' }\nstop = { within = '200ms' }\n"
        }
    }
}

/// A scenario, and about how many lines its journal will get.
fn scenario(random: &mut ChaCha8Rng) -> (String, usize) {
    let mut text = format!("{HEAD}{}", server(random));
    let mut knob = "default".to_owned();
    let mut steps: Vec<String> = Vec::new();
    for number in 0..random.random_range(1..8) {
        let step = step(random, number, &mut knob);
        // One daemon, project, model and clock for a run.
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    for (number, step) in steps.iter().enumerate() {
        let _ = write!(text, "\n[[setup]]\nname = 'step {number}'\n{step}\n");
    }
    // The server is one more, and MPS is a folder and a daemon.
    let effects = ["undo = ", "mps = ", "mps = ", "compose = ", "pull = ", "lock_clocks = "];
    let effects: usize = effects.iter().map(|effect| text.matches(effect).count()).sum();
    // An intent, a word that it happened, and its undo.
    (text, 3 * (effects + 1))
}

/// Tries one seed; says what befell it.
fn try_seed(seed: u64) -> Trouble {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut machine = Machine::new();
    let (scenario, lines) = scenario(&mut random);
    machine.write_scenario(&scenario);
    machine.folder.write("server.sh", SERVER);
    machine.folder.write("world/list", "first\n");
    machine.take_as_found();
    let trouble = Trouble::draw(&mut random, lines);
    let words = "x.toml --quiet";
    let command = match random.random_range(0..4) {
        0 => machine.command_after(WITHOUT_CONTROL_GROUPS, words),
        _ => machine.command(words),
    };
    let (said, befallen) = trouble.befall(&machine, command);
    let told = format!("seed {seed}, {trouble:?}: {said}\n{scenario}");
    let is_sound = |said: &Said, codes: &[i32]| said.code.is_none_or(|code| codes.contains(&code));
    assert!(is_sound(&said, &[3, 4, 5, 130]) && !told.contains("panicked"), "{told}");
    // An undo that fails once may have had no chance to fail before.
    let cleanups = [machine.runexp("cleanup --all"), machine.runexp("cleanup --all")];
    assert!(is_sound(&cleanups[0], &[0, 5]) && cleanups[1].code == Some(0), "{told}\n{}\n{}", cleanups[0], cleanups[1]);
    assert_eq!(machine.changes(), [""; 0], "{told}\n{}\n{}", cleanups[0], cleanups[1]);
    let last = machine.runexp("cleanup --all");
    assert_eq!((last.code, last.stdout.as_str()), (Some(0), "nothing to do\n"), "{told}\n{last}");
    for run in machine.runs() {
        assert_eq!(marked(RUN_MARK, &run).unwrap(), [], "{told}");
    }
    befallen
}

fn seeds() -> Range<u64> {
    match std::env::var("RUNEXP_CHAOS") {
        Err(_) => SEEDS,
        Ok(text) => match text.split_once("..") {
            Some((first, end)) => first.parse().unwrap()..end.parse().unwrap(),
            None => 0..text.parse().unwrap(),
        },
    }
}

#[test]
fn whatever_a_run_does_and_whoever_is_killed_nothing_is_left() {
    let (begun, seeds) = (Instant::now(), seeds());
    let (next, canary) = (AtomicU64::new(seeds.start), Mutex::new(Canary::hatch()));
    let (tally, failed) = (Mutex::new(BTreeMap::<String, u32>::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| seeds.contains(seed)) {
                    match catch_unwind(AssertUnwindSafe(|| try_seed(seed))) {
                        Ok(trouble) => *tally.lock().unwrap().entry(trouble.kind()).or_default() += 1,
                        Err(_) => failed.lock().unwrap().push(format!("RUNEXP_CHAOS={seed}..{}", seed + 1)),
                    }
                }
            });
        }
    });
    for (kind, count) in tally.into_inner().unwrap() {
        println!("{count:5} {kind}");
    }
    println!("{} seeds in {:.1} s", seeds.end - seeds.start, begun.elapsed().as_secs_f64());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "to try again: {}", failed.join(" "));
    assert!(canary.into_inner().unwrap().is_alive());
}
