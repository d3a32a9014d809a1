use std::borrow::Cow;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use serde::Serialize;

use super::append::Appender;
use super::{EVENTS, LOGS, MANIFEST, PLAN, RECORDS, REQUESTS, SCENARIO, STEPS, StoreError, TELEMETRY};
use crate::names::{RunId, ScenarioName};
use crate::plan::Plan;
use crate::record::{EventRecord, Manifest, RequestRecord, StepRecord, TelemetryRecord};
use crate::text::Redaction;

/// A run directory that is being written.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// What no file of it may hold.
    redaction: Arc<Redaction>,
    /// Held so that nobody else writes there.
    #[expect(dead_code, reason = "a lock is held, not read")]
    claim: Option<Arc<File>>,
}

impl RunDirectory {
    /// Creates `<results>/<scenario>/<run id>/`, which must not exist yet.
    ///
    /// # Errors
    /// When it exists or cannot be created.
    pub fn create(results: &Path, scenario: &ScenarioName, run: &RunId) -> Result<Self, StoreError> {
        let parent = results.join(scenario.as_str());
        fs::create_dir_all(&parent).map_err(StoreError::io("create", &parent))?;
        let parent = fs::canonicalize(&parent).map_err(StoreError::io("find", &parent))?;
        let path = parent.join(run.as_str());
        fs::create_dir(&path).map_err(StoreError::io("create", &path))?;
        let logs = path.join(LOGS);
        fs::create_dir(&logs).map_err(StoreError::io("create", logs))?;
        let claim = claim(&path)?;
        Ok(Self { path, redaction: Arc::default(), claim: Some(Arc::new(claim)) })
    }

    /// An existing run directory, to go on in it: nobody else does meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if somebody does, or if the file system says no.
    pub fn claim(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let claim = claim(&path)?;
        Ok(Self { path, redaction: Arc::default(), claim: Some(Arc::new(claim)) })
    }

    /// An existing run directory, whose derived files may be made again.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), redaction: Arc::default(), claim: None }
    }

    /// The same, and nothing that is written from now on holds these secrets.
    pub fn hiding(self, redaction: Arc<Redaction>) -> Self {
        Self { redaction, ..self }
    }

    /// What no file of it may hold.
    pub const fn redaction(&self) -> &Arc<Redaction> {
        &self.redaction
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `logs/<number>-<name>.log`, with the name made fit for a file.
    pub fn log(&self, number: u32, name: &str) -> PathBuf {
        let fit = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        let name: String = name.chars().take(60).map(fit).collect();
        self.path.join(LOGS).join(format!("{number:03}-{name}.log"))
    }

    /// Writes the frozen scenario and the plan.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn write_decisions(&self, scenario: &str, plan: &Plan) -> Result<(), StoreError> {
        self.write(SCENARIO, scenario)?;
        self.write(PLAN, &pretty(plan)?)
    }

    /// Writes or replaces the manifest, whole or not at all.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.write(MANIFEST, &pretty(manifest)?)
    }

    /// Writes or replaces a file that is made from the records, whole or not at
    /// all.
    ///
    /// # Errors
    /// When `name` is that of a record, or the file system says no.
    pub fn write_derived(&self, name: &str, text: &str) -> Result<(), StoreError> {
        if RECORDS.contains(&name) {
            return Err(StoreError::IsRecord { name: name.to_owned() });
        }
        self.write(name, text)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let path = self.path.join(name);
        let text = self.hidden(name, text)?;
        let draft = self.path.join(format!(".{name}.draft"));
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&draft, &path)).map_err(StoreError::io("write", path))
    }

    /// In JSON only texts are secrets, never a number.
    fn hidden<'t>(&self, name: &str, text: &'t str) -> Result<Cow<'t, str>, StoreError> {
        let is_json = Path::new(name).extension().is_some_and(|extension| extension == "json");
        if !is_json || self.redaction.find(text.as_bytes()).is_empty() {
            return Ok(self.redaction.hide(text));
        }
        let mut value = serde_json::from_str(text).map_err(StoreError::Unwritable)?;
        self.redaction.hide_in(&mut value);
        pretty(&value).map(Cow::Owned)
    }
}

/// A lock of the kernel on the folder, free as soon as this process is dead.
fn claim(path: &Path) -> Result<File, StoreError> {
    let folder = File::open(path).map_err(StoreError::io("open", path))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::io("lock", path)(source)),
    }
}

fn pretty(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(StoreError::Unwritable)
}

/// The run's records, appended by one thread of their own so that writing can
/// never push back on measuring.
///
/// The channels are unbounded: a bounded one would make the driver wait for
/// the disk, which is the error this thread exists to avoid. What can pile up
/// is at most what was measured.
#[derive(Debug)]
pub struct Ledger {
    lines: Sender<Line>,
    writer: JoinHandle<Result<(), StoreError>>,
}

enum Line {
    Step(Box<StepRecord>),
    Request(Box<RequestRecord>),
    Telemetry(Box<TelemetryRecord>),
    Event(Box<EventRecord>),
    /// Answered when all lines before it are on disk.
    Settle(Sender<()>),
}

/// Takes records from anywhere; cheap to clone.
#[derive(Clone, Debug)]
pub struct Pen(Sender<Line>);

impl Pen {
    /// Appends to `steps.jsonl`.
    pub fn step(&self, record: StepRecord) {
        self.line(Line::Step(Box::new(record)));
    }

    /// Appends to `requests.jsonl`.
    pub fn request(&self, record: RequestRecord) {
        self.line(Line::Request(Box::new(record)));
    }

    /// Appends to `telemetry.jsonl`.
    pub fn telemetry(&self, record: TelemetryRecord) {
        self.line(Line::Telemetry(Box::new(record)));
    }

    /// Appends to `events.jsonl`.
    pub fn event(&self, record: EventRecord) {
        self.line(Line::Event(Box::new(record)));
    }

    /// A closed channel means that the writer has failed; `Ledger::close`
    /// tells why.
    fn line(&self, line: Line) {
        let _ = self.0.send(line);
    }
}

impl Ledger {
    /// Opens the four files, or goes on behind the whole lines of those that
    /// are there.
    ///
    /// # Errors
    /// When one of them cannot be opened, or another process writes it.
    pub fn open(directory: &RunDirectory) -> Result<Self, StoreError> {
        let files = Files::open(directory)?;
        let (lines, received) = mpsc::channel();
        let writer = std::thread::spawn(move || files.write_all(&received));
        Ok(Self { lines, writer })
    }

    /// A pen for this ledger.
    pub fn pen(&self) -> Pen {
        Pen(self.lines.clone())
    }

    /// Whether records can still be written: a full disk ends the writer.
    pub fn is_writing(&self) -> bool {
        !self.writer.is_finished()
    }

    /// Waits until every record so far can be read back.
    pub fn settle(&self) {
        let (settled, answer) = mpsc::channel();
        // A writer that has failed drops the question, which answers it.
        let _ = self.lines.send(Line::Settle(settled));
        let _ = answer.recv();
    }

    /// Waits until everything is on disk. Every pen must be gone by then.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn close(self) -> Result<(), StoreError> {
        drop(self.lines);
        self.writer.join().unwrap_or_else(|_| {
            Err(StoreError::Io {
                verb: "write",
                path: PathBuf::from(REQUESTS),
                source: io::Error::other("the writing thread has failed"),
            })
        })
    }
}

struct Files {
    steps: Appender,
    requests: Appender,
    telemetry: Appender,
    events: Appender,
}

impl Files {
    fn open(directory: &RunDirectory) -> Result<Self, StoreError> {
        Ok(Self {
            steps: Appender::open(directory, STEPS)?,
            requests: Appender::open(directory, REQUESTS)?,
            telemetry: Appender::open(directory, TELEMETRY)?,
            events: Appender::open(directory, EVENTS)?,
        })
    }

    /// Flushes whenever there is nothing left to write.
    fn write_all(mut self, lines: &Receiver<Line>) -> Result<(), StoreError> {
        while let Ok(first) = lines.recv() {
            self.append(&first)?;
            while let Ok(next) = lines.try_recv() {
                self.append(&next)?;
            }
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let mut files = [&mut self.steps, &mut self.requests, &mut self.telemetry, &mut self.events];
        files.iter_mut().try_for_each(|file| file.flush())
    }

    fn append(&mut self, line: &Line) -> Result<(), StoreError> {
        match line {
            Line::Step(record) => self.steps.append(record),
            Line::Request(record) => self.requests.append(record),
            Line::Telemetry(record) => self.telemetry.append(record),
            Line::Event(record) => self.events.append(record),
            Line::Settle(settled) => {
                self.flush()?;
                let _ = settled.send(());
                Ok(())
            }
        }
    }
}
