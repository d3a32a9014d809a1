use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A thread that does something again and again until this is dropped, and once
/// more then.
#[derive(Debug)]
pub struct Paced {
    /// Dropped at the end, which the thread notices.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Which time something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is another one to come.
    Regular,
    /// It is the last, after the end.
    Last,
}

impl Paced {
    /// Starts a thread of this name. There is a pause before every turn but the
    /// last.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(name: &str, pause: Duration, mut act: impl FnMut(Turn) + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let work = move || {
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                act(Turn::Regular);
            }
            act(Turn::Last);
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// Waits for the last turn.
impl Drop for Paced {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It has nothing to say.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_until_it_is_dropped_and_then_once_more() {
        let (told, heard) = mpsc::channel();
        let tell = move |turn| assert!(told.send(turn).is_ok());
        let paced = Paced::start("paced", Duration::from_millis(1), tell).unwrap();
        assert_eq!([heard.recv().unwrap(), heard.recv().unwrap()], [Turn::Regular; 2]);
        drop(paced);
        let rest: Vec<Turn> = heard.iter().collect();
        assert_eq!(rest.iter().filter(|turn| **turn == Turn::Last).count(), 1);
        assert_eq!(rest.last(), Some(&Turn::Last));
    }
}
