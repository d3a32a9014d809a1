use std::sync::{Arc, Mutex};

use super::event::RunEvent;
use super::runner::{RunStop, Runner};
use super::world::Running;
use crate::load::Sink;
use crate::plan::{self, CellSpec, Epoch, Try};
use crate::record::{CellKey, Event, ProbeVerdict, RequestRecord, Requests};
use crate::scenario::Find;
use crate::summary;

/// Tries of one search that nobody could judge, at most: then it ends.
const MOST_UNJUDGED: u32 = 2;

impl Runner<'_> {
    /// Measures one load after the other until the highest that meets the
    /// objectives is known. Each try is judged from its requests as a report
    /// judges them, and the judgement is recorded.
    pub(super) async fn search(
        &mut self,
        epoch: &Epoch,
        (key, spec, find): (CellKey, &CellSpec, &Find),
        seed: u64,
        servers: &mut Vec<Running>,
    ) -> Result<(), RunStop> {
        let (mut tries, mut unjudged) = (Vec::new(), 0);
        for number in 0_u32.. {
            let Some(level) = plan::next_try(find, &tries).filter(|_| unjudged < MOST_UNJUDGED) else { break };
            self.go_on()?;
            let key = CellKey { probe: Some(number), ..key.clone() };
            let probe = spec.probe(find, level);
            let seed = plan::derive(seed, &format!("try {number}"));
            let verdict = match find.servers(level) {
                Some(count) => self.together((key.clone(), &probe, find), seed, (epoch, count), servers).await?,
                None => self.attempt((key.clone(), &probe, find), seed, servers).await?,
            };
            let load = find.servers(level).map_or_else(|| probe.load.to_string(), |count| format!("servers={count}"));
            self.tell(RunEvent::Probed { load, verdict: verdict.to_string() });
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

    /// Measures and judges so many servers at once. One that cannot be had, or
    /// ends by itself, is a judgement too.
    async fn together(
        &mut self,
        probe: (CellKey, &CellSpec, &Find),
        seed: u64,
        (epoch, count): (&Epoch, u32),
        servers: &mut Vec<Running>,
    ) -> Result<ProbeVerdict, RunStop> {
        let number = probe.0.epoch;
        if let Some(reason) = self.bring_up(number, epoch, count, servers).await? {
            return Ok(ProbeVerdict::Failed { reason });
        }
        let verdict = self.attempt(probe, seed, servers).await?;
        Ok(self.lost(number, servers).await.unwrap_or(verdict))
    }

    /// Measures and judges one load.
    async fn attempt(
        &mut self,
        (key, probe, find): (CellKey, &CellSpec, &Find),
        seed: u64,
        servers: &mut [Running],
    ) -> Result<ProbeVerdict, RunStop> {
        let kept = Kept::default();
        let sink = kept.sink(self.pen().clone());
        let end = self.measure(key, probe, seed, servers, sink).await?;
        Ok(summary::judge(probe, find, &end, kept.requests()))
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
