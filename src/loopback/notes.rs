use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::LoopbackError;
use super::accuracy::Accuracy;
use super::server::Server;
use crate::load::{Driven, Sink};
use crate::record::RequestRecord;

/// What is counted while a trial goes.
#[derive(Default)]
pub(super) struct Notes {
    answered: AtomicU64,
    tokens: AtomicU64,
    failed: AtomicU64,
    last_failure: Mutex<&'static str>,
    /// The records of a paced trial; those of one that answers at once would
    /// be too many.
    kept: Option<Mutex<Vec<RequestRecord>>>,
}

impl Notes {
    pub(super) fn keeping(records: bool) -> Arc<Self> {
        Arc::new(Self { kept: records.then(Mutex::default), ..Self::default() })
    }

    /// Notes each record and hands it on.
    pub(super) fn sink(self: Arc<Self>, also: Option<Sink>) -> Sink {
        Arc::new(move |record: RequestRecord| {
            self.note(&record);
            if let Some(kept) = &self.kept {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
            }
            if let Some(also) = &also {
                also(record);
            }
        })
    }

    fn note(&self, record: &RequestRecord) {
        if record.outcome.is_success() {
            self.answered.fetch_add(1, Ordering::Relaxed);
            self.tokens.fetch_add(record.chunks.total_events(), Ordering::Relaxed);
        } else if record.outcome.is_failure() {
            self.failed.fetch_add(1, Ordering::Relaxed);
            *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = record.outcome.kind().word();
        }
    }

    /// How many requests were answered.
    ///
    /// # Errors
    /// When one failed.
    pub(super) fn answered(&self) -> Result<u64, LoopbackError> {
        let (failed, answered) = (self.failed.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed));
        let last = *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failed == 0 { Ok(answered) } else { Err(LoopbackError::Failed { failed, sent: failed + answered, last }) }
    }

    pub(super) fn tokens(&self) -> u64 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Of the requests sent inside the window.
    pub(super) fn accuracy(&self, server: &Server, driven: &Driven) -> Option<Accuracy> {
        let kept = self.kept.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = kept.iter().filter(|record| {
            record.outcome.is_success() && driven.window_start <= record.sent_ns && record.sent_ns < driven.window_end
        });
        Accuracy::of(inside.filter_map(|record| Some((record, server.take_sent(record.usage.prompt_tokens?)?))))
    }
}
