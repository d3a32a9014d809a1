//! A server is broken on purpose, and watched until it answers well again.

use std::sync::Arc;

use tokio::sync::watch;

use super::cell::sleep_until;
use super::runner::Runner;
use super::world::{Running, WorldError};
use crate::load::{self, GoodAnswer, Sink, Target, Unanswered};
use crate::plan::CellSpec;
use crate::record::{CellKey, Event, RequestRecord, ServerAnswered, ServerKilled, ServerRecovered, ServerSilent};
use crate::scenario::{Fault, Processes};
use crate::text::with_causes;
use crate::units::Nanos;

/// When the latest of those requests of a load was sent that the server to be
/// broken has answered well.
pub(super) struct Answers(watch::Receiver<Nanos>);

impl Answers {
    /// Looks at every record on its way into `sink`.
    pub(super) fn seen(fault: Option<&Fault>, sink: Sink) -> (Sink, Self) {
        let (latest, answers) = watch::channel(Nanos::ZERO);
        let Some(fault) = fault.cloned() else { return (sink, Self(answers)) };
        let looking = Arc::new(move |record: RequestRecord| {
            if fault.hits(&record.server.name, record.server.index) && is_good(&record) {
                latest.send_if_modified(|latest| {
                    let is_later = record.sent_ns > *latest;
                    *latest = record.sent_ns.max(*latest);
                    is_later
                });
            }
            sink(record);
        });
        (looking, Self(answers))
    }

    /// Waits for a good answer to a request that was sent after `moment`.
    async fn after(&mut self, moment: Nanos) {
        if self.0.wait_for(|sent| *sent > moment).await.is_err() {
            // The load is over, and its sink with it.
            std::future::pending::<()>().await;
        }
    }
}

fn is_good(record: &RequestRecord) -> bool {
    record.outcome.is_success() && record.unexpected.is_none() && record.first_token_ns.is_some()
}

impl Runner<'_> {
    /// Kills what is to be killed as planned, starts it again if the run has to,
    /// and waits for the next good answer, for which the load may have to be
    /// outlived.
    pub(super) async fn fault(
        &mut self,
        (key, spec): (&CellKey, &CellSpec),
        window_start: Nanos,
        servers: &mut [Running],
        answers: Answers,
    ) -> Result<(), WorldError> {
        let Some(fault) = &spec.fault else { return Ok(()) };
        let hit = servers.iter_mut().find(|server| fault.hits(&server.spec().name, server.spec().index));
        let Some(server) = hit else { return Ok(()) };
        let at = window_start.plus(fault.at.duration().into());
        tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            () = sleep_until(self.context.clock, at) => {}
        }
        let pids = server.kill(fault.signal, fault.processes).await?;
        let killed = self.context.clock.now();
        self.note(Event::ServerKilled(ServerKilled { cell: key.clone(), server: server.key(), pids }));
        match fault.processes {
            Processes::All => self.start_again(key, server, killed).await?,
            Processes::Workers => {}
        }
        self.until_it_answers((key, spec), server, killed, answers).await
    }

    async fn start_again(&mut self, key: &CellKey, server: &mut Running, killed: Nanos) -> Result<(), WorldError> {
        let (log, stop) = (self.log(&format!("{}-again", server.label())), self.stop.clone());
        let environment = self.server_environment.clone();
        let headers = self.context.secrets.headers(server.spec());
        let context = self.server_context(&log, &environment, &headers, &stop);
        server.restart(&context, &mut self.undo).await?;
        let recovery_ns = self.context.clock.now().since(killed);
        self.note(Event::ServerRecovered(ServerRecovered { cell: key.clone(), server: server.key(), recovery_ns }));
        Ok(())
    }

    /// Until a request of the load is answered well or a short one of the run's
    /// own, which is sent all the time: the load may have no client for this
    /// server, ask it seldom, or be over before the model is loaded.
    async fn until_it_answers(
        &self,
        (key, spec): (&CellKey, &CellSpec),
        server: &Running,
        killed: Nanos,
        mut answers: Answers,
    ) -> Result<(), WorldError> {
        let (clock, request) = (self.context.clock, &spec.request);
        let headers = self.context.secrets.headers(server.spec());
        let stall = request.stall.duration();
        let target = Target::new(server.spec(), server.url(), request.endpoint, stall, &headers)?;
        let limit = killed.plus(server.spec().recovers_within().into());
        let mut last = None;
        let (cell, server) = (key.clone(), server.key());
        let event = tokio::select! {
            () = self.stop.cancelled() => return Ok(()),
            () = answers.after(killed) => return Ok(()),
            GoodAnswer { sent, first_token } = load::until_answered(&target, request, clock, &mut last) => {
                Event::ServerAnswered(ServerAnswered { cell, server, sent_ns: sent, first_token_ns: first_token })
            }
            () = sleep_until(clock, limit) => {
                let waited_ns = clock.now().since(killed);
                Event::ServerSilent(ServerSilent { cell, server, waited_ns, reason: in_words(last.as_ref()) })
            }
        };
        self.note(event);
        Ok(())
    }
}

/// What became of the run's last request.
fn in_words(last: Option<&Unanswered>) -> String {
    match last {
        Some(unanswered) => format!("the last request failed: {}", with_causes(unanswered)),
        None => "the first request was still not answered".to_owned(),
    }
}
