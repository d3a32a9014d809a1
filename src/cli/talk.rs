//! Talk on its way to stderr, which somebody may have stopped reading: a
//! terminal on which Ctrl-S was pressed, a pipe into a program that waits.

use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::thread;

/// So many lines wait for a reader; what is said beyond them is lost.
const MOST: usize = 4096;

static WRITER: OnceLock<SyncSender<Talk>> = OnceLock::new();
static LOST: AtomicUsize = AtomicUsize::new(0);

enum Talk {
    Line(String),
    /// Answered when all lines before it are written.
    Settle(Sender<()>),
}

/// From now on nobody who says something waits for a reader: an undo must not.
pub(super) fn apart() {
    let (lines, said) = mpsc::sync_channel(MOST);
    // Where there can be no thread, whoever talks waits.
    if thread::Builder::new().name("talk".to_owned()).spawn(move || write_all(&said)).is_ok() {
        let _ = WRITER.set(lines);
    }
}

/// Says a line.
pub(super) fn line(text: String) {
    let Some(writer) = WRITER.get() else { return write(&text) };
    match writer.try_send(Talk::Line(text)) {
        Err(TrySendError::Full(_)) => drop(LOST.fetch_add(1, Ordering::Relaxed)),
        Ok(()) | Err(TrySendError::Disconnected(_)) => {}
    }
}

/// Waits until all that was said is written: when nothing else is left to do.
pub(super) fn settle() {
    let Some(writer) = WRITER.get() else { return };
    let (settled, answer) = mpsc::channel();
    if writer.send(Talk::Settle(settled)).is_ok() {
        let _ = answer.recv();
    }
}

fn write_all(said: &Receiver<Talk>) {
    while let Ok(talk) = said.recv() {
        match talk {
            Talk::Line(text) => write(&text),
            Talk::Settle(settled) => {
                let lost = LOST.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    write(&format!("warning: {lost} lines are lost that nobody has read in time"));
                }
                let _ = settled.send(());
            }
        }
    }
}

fn write(text: &str) {
    // A closed stderr is no reason to stop an experiment.
    let _ = writeln!(io::stderr(), "{text}");
}
