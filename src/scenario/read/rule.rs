//! `[[decision.rule]]`.
//!
//! A condition is checked call by call, wherever in it a call stands: what
//! `and` or `or` would skip at one evaluation must be right all the same.

use super::super::model::factor::Selector;
use super::super::model::rule::{Part, Quantity, Rule, Term, term_name};
use super::super::tables::RuleKeys;
use super::factor::read_selector;
use super::known_metric;
use crate::format::{Code, Fields, Finding, Keys, Node, Scope, Span, spelling};
use crate::names::MetricId;

/// What a condition may call.
const FUNCTIONS: [&str; 2] = ["ratio", "value"];

/// Reads one `[[decision.rule]]`; `cells` are the keys a selector may have,
/// `metrics` the known ids.
pub(in super::super) fn read_rule(node: &Node, cells: &[&str], metrics: &[&str], scope: &Scope<'_>) -> Option<Rule> {
    let fields = Fields::of(node, scope)?;
    let keys = RuleKeys::of(&fields);
    let (recommend, because) = (keys.recommend.required(), keys.because.required());
    let (when, span) = (keys.when.required()?, keys.when.span());
    // Inside `{mps: 'off'}` the word `mps` is a name, which stands for itself.
    let keys = cells.iter().map(|key| ((*key).to_owned(), (*key).into()));
    let scope = Scope::empty(scope.notes, scope.sources).with(keys);
    let reader = Reader { cells, metrics, scope: &scope, span: &span };
    let (terms, condition) = reader.terms(&when)?;
    let are_names_known = reader.check_names(&condition, terms.len());
    let terms = terms.into_iter().collect::<Option<Vec<Term>>>()?;
    let rule = Rule { recommend: recommend?, when, because: because?, terms, condition };
    (are_names_known && reader.check_truth(&rule)).then_some(rule)
}

struct Reader<'a> {
    cells: &'a [&'a str],
    metrics: &'a [&'a str],
    scope: &'a Scope<'a>,
    span: &'a Span,
}

impl Reader<'_> {
    /// The terms of a condition, and the condition with their names instead.
    fn terms(&self, when: &str) -> Option<(Vec<Option<Term>>, String)> {
        let (mut terms, mut condition, mut rest) = (Vec::new(), String::new(), 0);
        for call in calls(when) {
            condition += when.get(rest..call.start)?;
            condition += &term_name(terms.len());
            rest = call.end;
            terms.push(self.term(&call));
        }
        condition += when.get(rest..)?;
        Some((terms, condition))
    }

    fn term(&self, asked: &Call<'_>) -> Option<Term> {
        let part = self.part(asked);
        let arguments = self.scope.compute(&format!("[{}]", asked.arguments), self.span)?;
        let quantity = match (asked.function, arguments.as_list()?) {
            ("ratio", [metric, above, below]) => {
                let (metric, above, below) = (self.metric(metric), self.selector(above), self.selector(below));
                Quantity::Ratio { metric: metric?, above: above?, below: below? }
            }
            ("value", [metric, cell]) => {
                let (metric, cell) = (self.metric(metric), self.selector(cell));
                Quantity::Value { metric: metric?, cell: cell? }
            }
            (function, _) => {
                let cells = if function == "ratio" { "two cells" } else { "one cell" };
                let help = "write it like ratio('output_throughput', {mps: 'on'}, {mps: 'off'}).lower";
                self.complain(function, Code::Value, format!("`{function}` takes a metric and {cells}"), Some(help));
                return None;
            }
        };
        Some(Term { quantity, part: part? })
    }

    fn part(&self, asked: &Call<'_>) -> Option<Part> {
        let known = Part::ALL.iter().find(|(name, _)| *name == asked.part);
        if known.is_none() {
            let names = Part::ALL.map(|(name, _)| name);
            let (place, what, help) = match asked.part {
                "" => {
                    (asked.function, "is no number".to_owned(), Some(format!("read {} of it", spelling::list(&names))))
                }
                part => (part, format!("has no `{part}`"), spelling::advice(part, names)),
            };
            self.complain(place, Code::Value, format!("`{}(…)` {what}", asked.function), help.as_deref());
        }
        known.map(|(_, part)| *part)
    }

    fn metric(&self, node: &Node) -> Option<MetricId> {
        let metric = node.as_text().unwrap_or_default();
        known_metric(metric, self.scope.place_of(metric, self.span), self.metrics, self.scope.notes)
    }

    fn selector(&self, node: &Node) -> Option<Selector> {
        if node.as_table().is_some() {
            return read_selector(node, self.cells, self.scope);
        }
        let message = format!("expected a cell like {{mps: 'on'}}, found {}", node.describe());
        self.scope.notes.push(Finding::new(Code::Value, self.span.clone(), message));
        None
    }

    /// Whether the condition rests on its terms, and on nothing else.
    fn check_names(&self, condition: &str, terms: usize) -> bool {
        let own: Vec<String> = (0..terms).map(term_name).collect();
        let names = self.scope.names_in_expression(condition);
        let unknown: Vec<&String> = names.iter().filter(|name| !own.contains(name)).collect();
        for name in &unknown {
            let help = spelling::advice(name, FUNCTIONS);
            self.complain(name, Code::UndefinedName, format!("`{name}` is not defined"), help.as_deref());
        }
        if names.is_empty() && terms == 0 {
            let help = "bind it to an interval, like ratio('output_throughput', {mps: 'on'}, {mps: 'off'}).lower > 1";
            self.complain("", Code::Value, "the rule rests on nothing measured".to_owned(), Some(help));
        }
        unknown.is_empty() && terms > 0
    }

    /// Whether the condition can be computed, and gives true or false.
    fn check_truth(&self, rule: &Rule) -> bool {
        // Numbers of which no two are equal, so that no difference of them is 0.
        let numbers: Vec<f64> = (1..).map(|position: u32| f64::from(position).sqrt()).take(rule.terms.len()).collect();
        let truth = rule.holds(&numbers);
        if let Err(error) = &truth {
            self.complain("", Code::Template, error.to_string(), None);
        }
        truth.is_ok()
    }

    /// Notes a problem at a word of the condition.
    fn complain(&self, word: &str, code: Code, message: String, help: Option<&str>) {
        let place = if word.is_empty() { self.span.clone() } else { self.scope.place_of(word, self.span) };
        self.scope.notes.push(Finding::new(code, place, message).maybe_help(help.map(str::to_owned)));
    }
}

/// `ratio(…).lower` in a condition.
#[derive(Debug, PartialEq)]
struct Call<'t> {
    function: &'static str,
    /// Between the parentheses.
    arguments: &'t str,
    /// Behind the dot; empty if there is none.
    part: &'t str,
    start: usize,
    end: usize,
}

/// Every whole call in a condition, in order. One inside another's arguments
/// is a part of those.
fn calls(text: &str) -> Vec<Call<'_>> {
    let masked = masked(text);
    let (mut calls, mut rest) = (Vec::new(), 0);
    while let Some(call) = next_call(text, &masked, rest) {
        rest = call.end;
        calls.push(call);
    }
    calls
}

fn next_call<'t>(text: &'t str, masked: &str, from: usize) -> Option<Call<'t>> {
    let opened = |function: &'static str| {
        let begins = move |(at, _): &(usize, &str)| {
            let before = masked.get(..from + at).and_then(|before| before.chars().next_back());
            !before.is_some_and(|c| is_word(c) || c == '.')
        };
        let at = masked.get(from..)?.match_indices(&format!("{function}(")).find(begins).map(|(at, _)| from + at)?;
        Some((at, function))
    };
    let (start, function) = FUNCTIONS.into_iter().filter_map(opened).min()?;
    let open = start + function.len();
    let close = open + closing(masked.get(open..)?)?;
    let part = text
        .get(close + 1..)?
        .strip_prefix('.')
        .map_or("", |rest| rest.split_once(|c| !is_word(c)).map_or(rest, |(word, _)| word));
    let end = close + 1 + if part.is_empty() { 0 } else { 1 + part.len() };
    Some(Call { function, arguments: text.get(open + 1..close)?, part, start, end })
}

/// Where the parenthesis closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// The same text with blanks inside its quotes.
fn masked(text: &str) -> String {
    let (mut masked, mut quote, mut escaped) = (String::with_capacity(text.len()), None, false);
    for c in text.chars() {
        match quote {
            None => {
                quote = matches!(c, '\'' | '"').then_some(c);
                masked.push(c);
            }
            Some(open) if c == open && !escaped => {
                quote = None;
                masked.push(c);
            }
            Some(_) => {
                escaped = c == '\\' && !escaped;
                masked.extend(std::iter::repeat_n(' ', c.len_utf8()));
            }
        }
    }
    masked
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn calls_are_found_wherever_they_stand_but_not_inside_quotes() {
        let found = |text| {
            let shown =
                calls(text).into_iter().map(|call| format!("{}|{}|{}", call.function, call.arguments, call.part));
            shown.collect::<Vec<_>>()
        };
        assert_eq!(
            found("false and (ratio('a(', {b: ')\\''}, {}).lower > 1 or value('ß', {}).n>2)"),
            ["ratio|'a(', {b: ')\\''}, {}|lower", "value|'ß', {}|n"]
        );
        assert_eq!(found("value(value('a')) and x.ratio(1) and my_value(2) and 'ratio(3).n'"), ["value|value('a')|"]);
        assert_eq!(found("ratio('never closed"), [""; 0]);
    }
}
