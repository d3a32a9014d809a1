use std::num::NonZeroUsize;
use std::sync::Mutex;

use super::body_cache::BodyCache;
use super::expectation::Expectation;
use super::interrupt::Interrupted;
use super::lateness::Lateness;
use super::refusal;
use super::target::Target;
use super::window::Window;
use super::{Sink, Workload};
use crate::clock::Clock;
use crate::plan::{self, CellSpec};
use crate::record::{OutcomeKind, RequestOutcome, RequestRecord};
use crate::scenario::Load;
use crate::units::Nanos;
use crate::wire::{self, WireError};

mod body_end;
mod chunk;
mod failure;
mod reply;

use body_end::BodyEnd;
use failure::Failure;
use reply::Reply;
pub(super) use reply::merge;

/// Asks targets and records what they answer.
pub(super) struct Exchange {
    pub(super) workload: Workload,
    /// Those of each worker.
    targets: Vec<Vec<Target>>,
    pub(super) order: Vec<usize>,
    pub(super) bodies: BodyCache,
    expectation: Expectation,
    clock: Clock,
    sink: Sink,
    pub(super) window: Window,
    lags: Mutex<Lateness>,
}

/// Whose turn it is to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// The client, or the position in the schedule.
    pub(super) client: u32,
    /// Counts the requests of one client from 0.
    pub(super) sequence: u64,
    /// Counts the requests of the cell; picks the prompt.
    pub(super) position: u64,
    /// Picks the target, modulo their number.
    pub(super) target: u32,
    /// Who asks: the target's connections are that worker's.
    pub(super) worker: usize,
    /// Which text of a conversation, from 0.
    pub(super) said: Option<u32>,
    /// When it was meant to start.
    pub(super) scheduled: Nanos,
}

/// Which connection carries a request.
#[derive(Clone, Copy, Debug)]
enum Via {
    /// A kept one, if there is one.
    Any,
    /// One of its own.
    Fresh,
}

/// Which prompt comes first: that of the first arrival where the trace says both,
/// else any.
fn order(workload: &Workload) -> Vec<usize> {
    let CellSpec { load, request, .. } = &workload.spec;
    let is_recorded = matches!(load, Load::Trace { file, .. } if request.prompts.as_ref() == Some(file));
    let prompts = workload.prompts.len();
    if is_recorded { (0..prompts).collect() } else { plan::permutation(workload.seed, prompts) }
}

impl Exchange {
    /// For so many workers, each of whom has connections of its own to all
    /// targets.
    pub(super) fn new(
        workload: Workload,
        targets: Vec<Target>,
        workers: NonZeroUsize,
        clock: Clock,
        sink: Sink,
        window: Window,
    ) -> Result<Self, regex::Error> {
        let expectation = Expectation::new(&workload.spec, &workload.prompts)?;
        let order = order(&workload);
        let bodies = BodyCache::new(targets.len() * workload.prompts.len());
        let others = (1..workers.get()).map(|_| targets.iter().map(Target::apart).collect());
        let targets = others.collect::<Vec<_>>().into_iter().chain([targets]).collect();
        Ok(Self { workload, targets, order, bodies, expectation, clock, sink, window, lags: Mutex::default() })
    }

    pub(super) fn now(&self) -> Nanos {
        self.clock.now()
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) const fn workload(&self) -> &Workload {
        &self.workload
    }

    /// How late requests were started.
    pub(super) fn lags(&self) -> Lateness {
        self.lags.lock().map(|mut lags| std::mem::take(&mut *lags)).unwrap_or_default()
    }

    /// Sends one request, records it, and tells how it ended and what text the
    /// reply had, as far as that is kept.
    ///
    /// A kept-alive connection that the server has closed meanwhile is not a
    /// failure: the request goes out once more, on a fresh connection.
    pub(super) async fn send(
        &self,
        turn: Turn,
        body: Vec<u8>,
        interrupted: &mut Interrupted<'_>,
    ) -> (OutcomeKind, String) {
        let target = self.target(turn);
        let started = self.now();
        if let Ok(mut lags) = self.lags.lock() {
            lags.note(started.since(turn.scheduled));
        }
        let mut reply = Reply::new(started);
        let outcome = tokio::select! {
            biased;
            outcome = self.converse(target, &body, self.asked_tokens(turn), &mut reply) => outcome,
            () = interrupted => RequestOutcome::Interrupted,
        };
        let outcome = outcome.with_text(|text| target.secrets.hidden(text));
        let text = std::mem::take(&mut reply.text);
        let ended = outcome.kind();
        let record = self.record(target, turn, started, reply, (outcome, &text));
        self.window.finished(record.sent_ns, record.finished_ns);
        (self.sink)(record);
        (ended, text)
    }

    /// Records a request that is not sent, because too many are in flight.
    pub(super) fn give_up(&self, turn: Turn) {
        let now = self.now();
        (self.sink)(self.record(self.target(turn), turn, now, Reply::new(now), (RequestOutcome::Dropped, "")));
    }

    pub(super) fn target(&self, turn: Turn) -> &Target {
        &self.targets[turn.worker][self.target_index(turn)]
    }

    pub(super) fn target_index(&self, turn: Turn) -> usize {
        turn.target as usize % self.targets[turn.worker].len()
    }

    /// How many may ask.
    pub(super) fn workers(&self) -> usize {
        self.targets.len()
    }

    async fn converse(&self, target: &Target, body: &[u8], asked: u32, reply: &mut Reply) -> RequestOutcome {
        let timeout = self.workload.spec.request.deadline(reply.sent);
        let closing = self.window.closing();
        let deadline = timeout.into_iter().chain(closing).min();
        let mut result = self.attempt(target, Via::Any, body, deadline, reply).await;
        if matches!(result, Err(Failure::Wire(WireError::Unanswered { .. }))) {
            reply.resent = true;
            result = self.attempt(target, Via::Fresh, body, deadline, reply).await;
        }
        match result.and_then(|finish| reply.judged(finish, asked)) {
            Ok(finish) => RequestOutcome::Success { finish },
            Err(Failure::Wire(WireError::Deadline)) if deadline == closing => RequestOutcome::Cut,
            Err(failure) => failure.outcome(),
        }
    }

    async fn attempt(
        &self,
        target: &Target,
        via: Via,
        body: &[u8],
        deadline: Option<Nanos>,
        reply: &mut Reply,
    ) -> Result<String, Failure> {
        reply.sent = self.now();
        let mut answer = match via {
            Via::Any => target.client.send(body, self.clock, deadline).await?,
            Via::Fresh => target.client.send_fresh(body, self.clock, deadline).await?,
        };
        reply.headers = Some(answer.head_at);
        if let Some(encoding) = answer.told.encoding.take() {
            return Err(Failure::Compressed { encoding });
        }
        if !(200..300).contains(&answer.status) {
            let (status, told) = (answer.status, std::mem::take(&mut answer.told));
            return Err(Failure::Status { status, told, message: refusal::message(answer).await });
        }
        self.read(target, answer, reply).await?;
        reply.finish()
    }

    /// Takes the events of a body. Once they have told the end of the reply, it
    /// does not matter how the body or its connection end, nor, for long, when.
    async fn read(&self, target: &Target, mut answer: wire::Reply<'_>, reply: &mut Reply) -> Result<(), Failure> {
        let mut decoder = target.dialect.decoder(self.workload.spec.request.stream);
        let mut last = answer.head_at;
        let mut body_end = BodyEnd::default();
        while let Some(arrived) = body_end.within(decoder.is_over(), answer.read()).await {
            let arrived = match arrived {
                Ok(Some(arrived)) => arrived,
                Ok(None) => break,
                Err(_) if decoder.is_over() => break,
                Err(error) => return Err(decoder.page().map_or_else(|| error.into(), Failure::Garbage)),
            };
            last = arrived.at;
            let mut noted = reply.arrival(last, &self.expectation);
            let mut take =
                |piece: Result<&[u8], WireError>| -> Result<(), Failure> { Ok(decoder.push(piece?, &mut noted)?) };
            let broken = arrived.map(&mut take).find_map(Result::err);
            noted.close();
            match broken {
                Some(_) if decoder.is_over() => break,
                Some(failure) => return Err(failure),
                None => {}
            }
        }
        let mut noted = reply.arrival(last, &self.expectation);
        let shape = decoder.finish(&mut noted)?;
        noted.close();
        reply.take(shape);
        Ok(())
    }

    fn record(
        &self,
        target: &Target,
        turn: Turn,
        started: Nanos,
        mut reply: Reply,
        (outcome, text): (RequestOutcome, &str),
    ) -> RequestRecord {
        let usage = reply.usage();
        let unexpected = match &outcome {
            RequestOutcome::Success { .. } => {
                self.expectation.unmet(self.asked_tokens(turn), usage.output_tokens.unwrap_or_default(), text)
            }
            _ => None,
        };
        RequestRecord {
            cell: self.workload.key.clone(),
            server: target.key.clone(),
            client: turn.client,
            sequence: turn.sequence,
            turn: turn.said,
            scheduled_ns: turn.scheduled,
            started_ns: started,
            sent_ns: reply.sent,
            headers_ns: reply.headers,
            first_token_ns: reply.first_token,
            first_output_token_ns: reply.first_output_token,
            last_token_ns: reply.last_token,
            finished_ns: self.now(),
            outcome,
            asked_tokens: self.asked_tokens(turn),
            asked_prompt_tokens: self.asked_prompt_tokens(turn),
            prompt_bytes: self.prompt_bytes(turn),
            stamp_error_ns: reply.stamp_error(),
            not_streamed: reply.is_not_streamed(),
            choices: reply.choices(),
            calls_tool: reply.calls_tool,
            wide_bytes: reply.wide_bytes(),
            passed_over: reply.take_passed_over(),
            chunks: reply.take_chunks(),
            usage,
            unexpected,
            resent: reply.resent,
        }
    }
}
