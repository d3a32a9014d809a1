//! Whatever becomes of one byte or one line of a shipped file: the scenario
//! still loads, or it is refused with problems that point into its files.
//!
//! `cargo test` takes a sample at a fixed stride. With `RUNEXP_MUTATIONS=all`
//! every mutation is tried, with a number every so many, and the counts are printed:
//! `RUNEXP_MUTATIONS=all cargo test --release --test it mutation -- --nocapture`.

mod mutant;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use runexp::format::{Color, Problem, Problems};
use runexp::metric;
use runexp::scenario::{LoadOptions, load, load_published};
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

use mutant::Mutation;

/// The most that one load may take of a processor.
const LONGEST: Duration = Duration::from_millis(200);
/// How many threads, each with a folder of its own.
const THREADS: usize = 2;
/// A prime, so that a sample holds every kind of mutation of every file.
const STRIDE: usize = 997;
/// Roots for the files that are no scenario by themselves: all that a file of
/// their folder needs.
const SERVER_ROOT: &str = r#"schema = 1
name = "root"
include = ["FILE"]

[vars]
model = "m"
slots = 1

[[phase]]
name = "one"
clients = 1
requests = 1
request = { prompt = "hello", max_tokens = 16 }
"#;
const PUBLISHED_ROOT: &str = r#"schema = 1
name = "root"
include = ["FILE"]

[factors]
mps = ["off", "on"]
servers = [1, 3]
slots = [1]

[[server]]
name = "there"
api = "openai"
url = "http://127.0.0.1:8{{ 100 if mps == 'on' else 200 }}"
slots = "{{ slots }}"

[[phase]]
name = "concurrent"
clients = [1, 2, 3]
requests = 1
request = { prompt = "hello", max_tokens = 16 }

[[phase]]
name = "small requests"
rate = 1
requests = 1
request = { prompt = "hello", max_tokens = 16 }

[[phase]]
name = "one server dies"
when = "servers > 1"
clients = 1
requests = 1
request = { prompt = "hello", max_tokens = 16 }
"#;

/// A file to mutate, and the scenario that is loaded then.
struct Subject {
    /// Claims whose cells have keys of their own, for audits alone.
    is_for_audits: bool,
    file: PathBuf,
    root: PathBuf,
    text: Vec<u8>,
}

/// Every shipped file, in a copy of the shipped folder.
fn subjects(folder: &Path) -> Vec<Subject> {
    fs::write(folder.join("docker-compose.yml"), "services: {}\n").unwrap();
    let mut subjects = Vec::new();
    for (kind, root_text) in [("", None), ("servers", Some(SERVER_ROOT)), ("published", Some(PUBLISHED_ROOT))] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder.join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        for file in files {
            let is_for_audits = kind == "published" && !file.ends_with("nvidia_mps_guide.toml");
            let root = root_text.filter(|_| !is_for_audits).map_or(file.clone(), |text| {
                let included = file.strip_prefix(folder).unwrap().display().to_string();
                let root = folder.join(format!("{}.toml", included.replace('/', "-")));
                fs::write(&root, text.replace("FILE", &included)).unwrap();
                root
            });
            subjects.push(Subject { is_for_audits, text: fs::read(&file).unwrap(), file, root });
        }
    }
    subjects
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What happened to all mutations.
#[derive(Default)]
struct Tally {
    mutations: usize,
    valid: usize,
    problems: usize,
    slowest: Duration,
    slowest_was: String,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.mutations += other.mutations;
        self.valid += other.valid;
        self.problems += other.problems;
        if other.slowest > self.slowest {
            (self.slowest, self.slowest_was) = (other.slowest, other.slowest_was);
        }
    }
}

/// What a subject is warned of, or refused for.
fn loaded(subject: &Subject, options: &LoadOptions<'_>) -> Result<Problems, Problems> {
    if subject.is_for_audits {
        return load_published(&subject.root, options).map(|_| Problems::default());
    }
    load(&subject.root, options).map(|scenario| scenario.warnings)
}

/// Loads one mutated scenario; in words what is wrong with what comes of it.
fn outcome(subject: &Subject, metrics: &[&str], tally: &mut Tally) -> Result<(), String> {
    let begin = processor_time();
    let options = LoadOptions { metrics, ..LoadOptions::default() };
    let loaded = catch_unwind(AssertUnwindSafe(|| loaded(subject, &options))).map_err(|_| "a panic".to_owned())?;
    let took = processor_time().saturating_sub(begin);
    tally.mutations += 1;
    if took > tally.slowest {
        (tally.slowest, tally.slowest_was) = (took, String::new());
    }
    let problems = match &loaded {
        Ok(warnings) => {
            tally.valid += 1;
            warnings
        }
        Err(problems) if problems.is_empty() => return Err("a refusal without a reason".to_owned()),
        Err(problems) => problems,
    };
    tally.problems += problems.iter().count();
    let folder = subject.root.parent().unwrap();
    problems.iter().try_for_each(|problem| points_into(problem, folder))?;
    catch_unwind(AssertUnwindSafe(|| problems.render(Color::Plain))).map_err(|_| "a panic in showing it".to_owned())?;
    Ok(())
}

/// What this thread has used of a processor: what else the machine does is no
/// fault of a load.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// A problem must lie in a file of the folder, at whole characters, and its
/// line and column must be those of its span.
fn points_into(problem: &Problem, folder: &Path) -> Result<(), String> {
    let told = |what: &str| Err(format!("{what}: {problem:?}"));
    let path = Path::new(&problem.file);
    if !path.starts_with(folder) {
        return told("no file of the scenario");
    }
    let Ok(bytes) = fs::read(path) else { return told("no file") };
    // Of what is no text nothing can be shown.
    let text = String::from_utf8(bytes).unwrap_or_default();
    let (Some(before), Some(_)) = (text.get(..problem.span.start), text.get(problem.span.clone())) else {
        return told("no place in the file");
    };
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let place = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
    if place == (problem.line, problem.column) { Ok(()) } else { told("another line or column") }
}

/// Every `step`-th mutation from `first` on, counted over all files.
fn mutate(first: usize, step: usize) -> (Vec<(PathBuf, Tally)>, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    copied(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &folder);
    let metrics = metric::ids();
    let (mut tallies, mut complaints) = (Vec::new(), Vec::new());
    let mut next = first;
    for subject in subjects(&folder) {
        let mut tally = Tally::default();
        let count = Mutation::count(&subject.text);
        while next < count {
            let mutation = Mutation::nth(&subject.text, next);
            fs::write(&subject.file, mutation.applied_to(&subject.text)).unwrap();
            let slowest = tally.slowest;
            if let Err(complaint) = outcome(&subject, &metrics, &mut tally) {
                complaints.push(format!("{}, {mutation}: {complaint}", subject.file.display()));
            }
            if tally.slowest > slowest {
                tally.slowest_was = mutation.to_string();
            }
            next += step;
        }
        next -= count;
        fs::write(&subject.file, &subject.text).unwrap();
        tallies.push((subject.file.strip_prefix(&folder).unwrap().to_owned(), tally));
    }
    (tallies, complaints)
}

#[test]
fn every_mutation_of_a_shipped_file_loads_or_is_refused_at_a_place_in_its_files() {
    let step = match std::env::var("RUNEXP_MUTATIONS") {
        Ok(every) if every == "all" => 1,
        Ok(every) => every.parse().unwrap(),
        Err(_) => STRIDE,
    };
    let halves: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|half| scope.spawn(move || mutate(half * step, THREADS * step))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut total = Tally::default();
    let mut files = Vec::new();
    let mut complaints = Vec::new();
    for (tallies, more) in halves {
        complaints.extend(more);
        for (file, tally) in tallies {
            println!(
                "{}: {} mutations, {} still valid, {} problems, slowest {:?} ({})",
                file.display(),
                tally.mutations,
                tally.valid,
                tally.problems,
                tally.slowest,
                tally.slowest_was
            );
            total.add(tally);
            files.push(file);
        }
    }
    files.sort();
    files.dedup();
    println!(
        "{} files, {} mutations, {} still valid, {} problems",
        files.len(),
        total.mutations,
        total.valid,
        total.problems
    );
    println!("slowest load {:?}: {}", total.slowest, total.slowest_was);
    assert!(total.slowest < LONGEST, "{:?} for {}", total.slowest, total.slowest_was);
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), total.mutations, complaints.join("\n"));
    assert!(files.len() >= 7 && total.valid > 0 && total.problems > 0, "the mutations are not what they should be");
}

#[test]
fn the_files_that_are_mutated_are_without_a_problem_as_they_are() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    copied(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &folder);
    for subject in subjects(&folder) {
        let options = LoadOptions { metrics: &metric::ids(), ..LoadOptions::default() };
        let warnings = loaded(&subject, &options).unwrap();
        assert!(warnings.is_empty(), "{warnings}");
    }
}
