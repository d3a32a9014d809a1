//! The highest load that meets the objectives: what each try says, and all of
//! them.

use super::cell::{summarize, window};
use super::observe::{self, ObservedRepetition};
use super::types::value;
use super::{Gap, Probe, Repetition, Rule, Search, Validity, objective};
use crate::metric::Objectives;
use crate::names::MetricId;
use crate::plan::{self, CellSpec, Try};
use crate::record::{Event, ProbeVerdict, Requests};
use crate::scenario::Find;

/// A load at which more of the requests fail is too high.
const ERROR_RATE_LIMIT: f64 = 0.01;

/// Whether a load met the objectives: every percentile of `slo` was kept, and
/// at least `attainment` of the requests met what `slo` and `expect` ask of
/// one. A load at which more than 1 % of the requests failed, or none came
/// whole, did not. Of a try that is invalid for another reason, or has too few
/// requests, nobody can tell.
///
/// `end` is the [`Event::CellFinished`] of the try.
pub fn judge(probe: &CellSpec, find: &Find, end: &Event, requests: Requests) -> ProbeVerdict {
    let Some((key, finished)) = observe::finished(end) else { return unjudged("it has no end") };
    let window = window(&ObservedRepetition::default(), finished, requests, &[], probe);
    let repetition = summarize((key.block, key.epoch), &window, finished.how, (probe, false));
    verdict(probe, find, &repetition)
}

fn verdict(probe: &CellSpec, find: &Find, repetition: &Repetition) -> ProbeVerdict {
    if let Ok(rate) = value(&repetition.values, "error_rate")
        && rate > ERROR_RATE_LIMIT
    {
        return failed(format!("{:.1} % of the requests failed", rate * 100.0));
    }
    if !repetition.outcomes.is_empty() && !repetition.outcomes.contains_key("success") {
        return failed("no request succeeded".to_owned());
    }
    if repetition.validity != Validity::Valid {
        let reasons: Vec<&str> = repetition.validity.reasons().iter().map(|reason| reason.text.as_str()).collect();
        return unjudged(&reasons.join("; "));
    }
    let percentiles = objective::limits(&probe.slo).map(|(name, limit_s)| {
        let value = repetition.objectives.get(&name).cloned();
        (format!("`{name}`"), value.unwrap_or(Err(Gap::NotRun)), limit_s)
    });
    let mut open = None;
    for (name, value, limit_s) in percentiles {
        match value {
            Ok(seconds) if seconds <= limit_s => {}
            Ok(seconds) => return failed(format!("{name} was {seconds:.3} s, more than {limit_s} s")),
            Err(Gap::Unanswered) => return failed(format!("{name} fell among requests that never answered")),
            Err(gap) => open = Some(format!("{name}: {gap}")),
        }
    }
    if super::cell::objectives(probe) != Objectives::default() {
        match value(&repetition.values, "attainment") {
            Ok(share) if share >= find.attainment.fraction() => {}
            Ok(share) => {
                let (share, least) = (share * 100.0, find.attainment.fraction() * 100.0);
                return failed(format!("{share:.1} % met the objectives, less than {least} %"));
            }
            Err(gap) => open = Some(format!("`attainment`: {gap}")),
        }
    }
    open.map_or(ProbeVerdict::Passed, |reason| unjudged(&reason))
}

const fn failed(reason: String) -> ProbeVerdict {
    ProbeVerdict::Failed { reason }
}

fn unjudged(reason: &str) -> ProbeVerdict {
    ProbeVerdict::Unjudged { reason: reason.to_owned() }
}

/// One repetition of a search: the values are those of the last try at the
/// highest load that passed.
pub(super) fn repetition<'a>(find: &Find, tries: &[&'a ObservedRepetition<'_>]) -> Option<Repetition> {
    let measured = |one: &&'a ObservedRepetition<'_>| {
        let (level, verdict) = one.probed?;
        // One that lacked a server has a verdict, and was never measured.
        let values = one.measured.as_ref().map(|repetition| repetition.values.clone()).unwrap_or_default();
        Some((Probe { level, verdict: verdict.clone(), values }, one.measured.as_ref()))
    };
    let measured: Vec<(Probe, Option<&Repetition>)> = tries.iter().filter_map(measured).collect();
    let judged = measured.iter().filter_map(|(probe, _)| match probe.verdict {
        ProbeVerdict::Unjudged { .. } => None,
        ProbeVerdict::Passed | ProbeVerdict::Failed { .. } => {
            Some(Try { level: probe.level, passed: probe.verdict == ProbeVerdict::Passed })
        }
    });
    let judged: Vec<Try> = judged.collect();
    let bracket = plan::bracket(&judged);
    let is_at = |level: f64| bracket.passed.is_some_and(|passed| passed.total_cmp(&level).is_eq());
    let with_values = || measured.iter().filter(|(_, repetition)| repetition.is_some());
    let best = with_values().rev().find(|(probe, _)| is_at(probe.level)).or_else(|| with_values().next());
    let mut best = best?.1?.clone();
    let is_complete = plan::next_try(find, &judged).is_none();
    if !is_complete {
        best.validity = open(measured.last().map(|(probe, _)| &probe.verdict));
    } else if bracket.passed.is_none() {
        best.validity = Validity::because(Rule::NoLoadPassed, "no load met the objectives every time");
    }
    let found = match (bracket.passed, bracket.failed) {
        (Some(passed), Some(_)) => Ok(passed),
        (Some(_), None) => Err(Gap::not_measured("every load up to the highest tried met the objectives")),
        (None, _) => Err(Gap::not_measured("no load met the objectives every time")),
    };
    best.values.insert(MetricId::new(find.max.metric()).ok()?, found);
    let probes = measured.into_iter().map(|(probe, _)| probe).collect();
    let plan::Bracket { passed, failed } = bracket;
    best.search = Some(Search { max: find.max, probes, passed, failed, is_complete });
    Some(best)
}

/// Why a search has no answer.
fn open(last: Option<&ProbeVerdict>) -> Validity {
    let text = match last {
        Some(ProbeVerdict::Unjudged { reason }) => format!("the search ended at a load nobody could judge: {reason}"),
        Some(ProbeVerdict::Passed | ProbeVerdict::Failed { .. }) | None => {
            "the search did not come to its end".to_owned()
        }
    };
    Validity::because(Rule::SearchOpen, text)
}
