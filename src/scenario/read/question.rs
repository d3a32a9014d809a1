//! `[decision]`: the question, and the rules beside it.

use super::super::factor::Selector;
use super::super::load::LoadOptions;
use super::super::question::{Goal, Limit, Question, Requirement, WrittenRequirement};
use super::factor::read_selector;
use super::known_metric;
use crate::format::{Code, Fields, Finding, Node, Span, list_of};
use crate::names::MetricId;
use crate::units::Share;

/// What a load is named by.
const LOAD_KEYS: [&str; 3] = ["phase", "clients", "rate"];

/// The question of a scenario, and its rules as written.
pub(in super::super) fn read_question(fields: &Fields<'_>, options: &LoadOptions<'_>) -> (Question, Vec<Node>) {
    let Some(inner) = fields.raw("decision").and_then(|node| Fields::of(node, &fields.scope)) else {
        return (Question::default(), Vec::new());
    };
    let reader = Reader { fields: &inner, options };
    let question = Question {
        goal: reader.goal(),
        subject_to: reader.requirements(),
        load: reader.load(),
        margin: reader.margin().unwrap_or(Question::default().margin),
    };
    let rules = list_of(&inner, "rule");
    inner.finish();
    (question, rules)
}

struct Reader<'a> {
    fields: &'a Fields<'a>,
    options: &'a LoadOptions<'a>,
}

impl Reader<'_> {
    fn goal(&self) -> Option<Goal> {
        let most = self.metric("maximise");
        let least = self.metric("minimise");
        if self.fields.raw("maximise").is_some() {
            self.fields.exactly_one(&["maximise", "minimise"])?;
        }
        most.map(Goal::Most).or(least.map(Goal::Least))
    }

    fn metric(&self, key: &'static str) -> Option<MetricId> {
        let metric: MetricId = self.fields.optional(key)?;
        known_metric(metric.as_str(), self.span(key), self.options.metrics, self.fields.scope.notes)
    }

    fn requirements(&self) -> Vec<Requirement> {
        let written: Vec<String> = self.fields.or_default("subject_to");
        written.into_iter().filter_map(|text| self.requirement(text)).collect()
    }

    fn requirement(&self, written: String) -> Option<Requirement> {
        let example = "write it like \"ttft_p50 < 300ms\" or \"attainment > 95%\"";
        let parsed = written.parse::<WrittenRequirement>();
        let WrittenRequirement { metric, side, limit } =
            parsed.map_err(|error| self.complain("subject_to", format!("`{written}`: {error}"), example)).ok()?;
        let metric = known_metric(&metric, self.span("subject_to"), self.options.metrics, self.fields.scope.notes)?;
        match (limit, self.options.times.contains(&metric.as_str())) {
            (Limit::Time(_), true) | (Limit::Number(_), false) => {}
            (Limit::Number(_), true) => {
                self.complain(
                    "subject_to",
                    format!("`{written}`: `{metric}` is a time, and this has no unit"),
                    example,
                );
            }
            (Limit::Time(_), false) => {
                self.complain("subject_to", format!("`{written}`: `{metric}` is no time"), example);
            }
        }
        Some(Requirement { metric, side, limit: limit.value(), written })
    }

    fn load(&self) -> Option<Selector> {
        read_selector(self.fields.raw("load")?, &LOAD_KEYS, &self.fields.scope)
    }

    fn margin(&self) -> Option<f64> {
        let margin: Share = self.fields.optional("margin")?;
        self.fields.within("margin", margin.fraction(), 0.001, 0.5)
    }

    fn span(&self, key: &'static str) -> Span {
        self.fields.raw(key).map_or_else(|| self.fields.span(), |node| node.span.clone())
    }

    fn complain(&self, key: &'static str, message: String, help: &str) {
        let finding = Finding::new(Code::Value, self.span(key), message);
        self.fields.scope.notes.push(finding.help(help));
    }
}
