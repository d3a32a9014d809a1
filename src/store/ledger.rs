use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use super::append::Appender;
use super::sealer::Sealer;
use super::{EVENTS, REQUESTS, RunDirectory, STEPS, StoreError, TELEMETRY};
use crate::names::RunId;
use crate::record::{Event, EventRecord, RequestRecord, StepRecord, Stretch, TelemetryRecord};
use crate::units::Nanos;

/// The run's records, appended by one thread of their own so that writing can
/// never push back on measuring.
///
/// The channels are unbounded: a bounded one would make the driver wait for
/// the disk, which is the error this thread exists to avoid. What can pile up
/// is at most what was measured.
#[derive(Debug)]
pub struct Ledger {
    lines: Sender<Line>,
    writer: JoinHandle<Result<Stretch, StoreError>>,
}

enum Line {
    Step(Box<StepRecord>),
    Request(Box<RequestRecord>),
    Telemetry(Box<TelemetryRecord>),
    Event(Box<EventRecord>),
    /// Answered when all lines before it are on disk.
    Settle(Sender<()>),
    /// All lines since the one before are sealed, at this moment.
    Seal(Nanos),
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
    pub fn open(directory: &RunDirectory, run: &RunId) -> Result<Self, StoreError> {
        let files = Files::open(directory, run)?;
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

    /// Seals all that was written since the last seal.
    pub fn seal(&self, at: Nanos) {
        let _ = self.lines.send(Line::Seal(at));
    }

    /// Waits until everything is on disk, and sealed at this moment; gives all of
    /// `events.jsonl`, in which the other files are sealed. Every pen must be gone
    /// by then.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn close(self, at: Nanos) -> Result<Stretch, StoreError> {
        self.seal(at);
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
    sealer: Sealer,
}

impl Files {
    fn open(directory: &RunDirectory, run: &RunId) -> Result<Self, StoreError> {
        let [steps, requests, telemetry, events] =
            [STEPS, REQUESTS, TELEMETRY, EVENTS].map(|name| Appender::open(directory, name));
        let (steps, requests, telemetry, events) = (steps?, requests?, telemetry?, events?);
        // What is torn was taken off by now.
        let sealer = Sealer::open(directory.path(), run)?;
        Ok(Self { steps, requests, telemetry, events, sealer })
    }

    /// Flushes whenever there is nothing left to write.
    fn write_all(mut self, lines: &Receiver<Line>) -> Result<Stretch, StoreError> {
        while let Ok(first) = lines.recv() {
            self.append(&first)?;
            while let Ok(next) = lines.try_recv() {
                self.append(&next)?;
            }
            self.flush()?;
        }
        Ok(self.sealer.all_events())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let mut files = [&mut self.steps, &mut self.requests, &mut self.telemetry, &mut self.events];
        files.iter_mut().try_for_each(|file| file.flush())
    }

    fn append(&mut self, line: &Line) -> Result<(), StoreError> {
        match line {
            Line::Step(record) => self.sealer.step(self.steps.append(record)?),
            Line::Request(record) => self.sealer.request(&record.cell, self.requests.append(record)?),
            Line::Telemetry(record) => self.sealer.telemetry(self.telemetry.append(record)?),
            Line::Event(record) => self.sealer.event(self.events.append(record)?),
            Line::Settle(settled) => {
                self.flush()?;
                let _ = settled.send(());
            }
            Line::Seal(at_ns) => {
                let event = Event::Sealed(Box::new(self.sealer.seal()));
                self.sealer.event(self.events.append(&EventRecord { at_ns: *at_ns, event })?);
            }
        }
        Ok(())
    }
}
