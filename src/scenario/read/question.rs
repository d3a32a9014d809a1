//! `[decision]`: the question, and the rules beside it.

use super::super::load::LoadOptions;
use super::super::model::factor::Selector;
use super::super::model::question::{Goal, Limit, Question, Requirement, WrittenRequirement};
use super::super::tables::{DecisionKeys, LoadChoice};
use super::factor::read_selector;
use super::known_metric;
use crate::format::{Code, Fields, Key, Keys, Node, Scope};
use crate::names::MetricId;

/// The question of a scenario, and its rules as written.
pub(in super::super) fn read_question<T>(written: Key<'_, T>, options: &LoadOptions<'_>) -> (Question, Vec<Node>) {
    let Some(fields) = written.table() else { return (Question::default(), Vec::new()) };
    let keys = DecisionKeys::of(&fields);
    let reader = Reader { keys: &keys, scope: &fields.scope, options };
    let question = Question {
        goal: reader.goal(&fields),
        subject_to: reader.requirements(),
        load: reader.load(),
        margin: reader.margin().unwrap_or(Question::default().margin),
    };
    (question, keys.rule.list())
}

struct Reader<'a> {
    keys: &'a DecisionKeys<'a>,
    scope: &'a Scope<'a>,
    options: &'a LoadOptions<'a>,
}

impl Reader<'_> {
    fn goal(&self, decision: &Fields<'_>) -> Option<Goal> {
        let DecisionKeys { maximise, minimise, .. } = self.keys;
        let (most, least) = (self.metric(*maximise), self.metric(*minimise));
        if maximise.raw().is_some() {
            decision.exactly_one(&["maximise", "minimise"])?;
        }
        most.map(Goal::Most).or(least.map(Goal::Least))
    }

    fn metric(&self, key: Key<'_, Option<MetricId>>) -> Option<MetricId> {
        known_metric(key.optional()?.as_str(), key.span(), self.options.metrics, self.scope.notes)
    }

    fn requirements(&self) -> Vec<Requirement> {
        let written = self.keys.subject_to.optional().unwrap_or_default();
        written.into_iter().filter_map(|text| self.requirement(text)).collect()
    }

    fn requirement(&self, written: String) -> Option<Requirement> {
        let key = self.keys.subject_to;
        let complain = |message: String| {
            key.advise(Code::Value, message, "write it like \"ttft_p50 < 300ms\" or \"attainment > 95%\"");
        };
        let parsed = written.parse::<WrittenRequirement>();
        let WrittenRequirement { metric, side, limit } =
            parsed.map_err(|error| complain(format!("`{written}`: {error}"))).ok()?;
        let metric = known_metric(&metric, key.span(), self.options.metrics, self.scope.notes)?;
        match (limit, self.options.times.contains(&metric.as_str())) {
            (Limit::Time(_), true) | (Limit::Number(_), false) => {}
            (Limit::Number(_), true) => {
                complain(format!("`{written}`: `{metric}` is a time, and this has no unit"));
            }
            (Limit::Time(_), false) => complain(format!("`{written}`: `{metric}` is no time")),
        }
        Some(Requirement { metric, side, limit: limit.value(), written })
    }

    fn load(&self) -> Option<Selector> {
        read_selector(self.keys.load.raw()?, LoadChoice::NAMES, self.scope)
    }

    fn margin(&self) -> Option<f64> {
        self.keys.margin.within(self.keys.margin.optional()?.fraction(), 0.001, 0.5)
    }
}
