use std::sync::{Arc, Mutex};

use super::conductor::{Conductor, Halt};
use super::event::RunEvent;
use super::world::Running;
use crate::load::Sink;
use crate::plan::{self, CellSpec, Try};
use crate::record::{CellKey, Event, ProbeVerdict, RequestRecord, Requests};
use crate::scenario::Find;
use crate::summary;

/// Tries of one search that nobody could judge, at most: then it ends.
const MOST_UNJUDGED: u32 = 2;

impl Conductor<'_> {
    /// Measures one load after the other until the highest that meets the
    /// objectives is known. Each try is judged from its requests as a report
    /// judges them, and the judgement is recorded.
    pub(super) async fn search(
        &mut self,
        key: CellKey,
        spec: &CellSpec,
        find: &Find,
        seed: u64,
        servers: &mut [Running],
    ) -> Result<(), Halt> {
        let (mut tries, mut unjudged) = (Vec::new(), 0);
        for number in 0_u32.. {
            let Some(level) = plan::next_try(find, &tries).filter(|_| unjudged < MOST_UNJUDGED) else { break };
            self.go_on()?;
            let key = CellKey { probe: Some(number), ..key.clone() };
            let probe = spec.probe(find, level);
            let kept = Kept::default();
            let sink = kept.sink(self.pen().clone());
            let seed = plan::derive(seed, &format!("try {number}"));
            let end = self.measure(key.clone(), &probe, seed, servers, sink).await?;
            let verdict = summary::judge(&probe, find, &end, kept.requests());
            self.tell(RunEvent::Probed { load: probe.load.to_string(), verdict: verdict.to_string() });
            match verdict {
                ProbeVerdict::Unjudged { .. } => unjudged += 1,
                ProbeVerdict::Passed | ProbeVerdict::Failed { .. } => {
                    tries.push(Try { level, passed: verdict == ProbeVerdict::Passed });
                }
            }
            self.note(Event::Probed { cell: key, level, verdict });
        }
        Ok(())
    }
}

/// The requests of one try, which are recorded too.
#[derive(Debug, Default)]
struct Kept(Arc<Mutex<Requests>>);

impl Kept {
    fn sink(&self, pen: crate::store::Pen) -> Sink {
        let kept = Arc::clone(&self.0);
        Arc::new(move |record: RequestRecord| {
            if let Ok(mut kept) = kept.lock() {
                kept.push(&record);
            }
            pen.request(record);
        })
    }

    fn requests(self) -> Requests {
        self.0.lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default()
    }
}
