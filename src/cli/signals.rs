use super::exit::say;
use crate::run::{Interrupt, Wish};
use crate::warden::{FromAbove, Passed};

/// Hears of signals: those sent to this process, and if it is watched those
/// that the process above passes on.
pub(super) fn listen(interrupt: &Interrupt, is_watched: bool) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals =
        [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")];
    for (kind, name) in signals {
        let mut stream = signal(kind)?;
        let interrupt = interrupt.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                interrupt.raise(name, |wish| tell(name, wish));
            }
        });
    }
    if is_watched {
        let (mut above, interrupt) = (FromAbove::open()?, interrupt.clone());
        tokio::spawn(async move {
            while let Passed::Signal(name) = above.next().await {
                interrupt.raise(name, |wish| tell(name, wish));
            }
            interrupt.raise("SIGTERM", |wish| tell("the process above is dead", wish));
        });
    }
    Ok(())
}

fn tell(why: &str, wish: Wish) {
    match wish {
        Wish::Stop => say(format_args!("{why}: stopping, undoing everything")),
        Wish::Hurry => say(format_args!("{why}: killing what does not stop, undoing everything in haste")),
        Wish::Leave => say(format_args!("{why}: leaving at once")),
    }
}
