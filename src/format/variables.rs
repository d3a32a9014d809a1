//! Variables: each is computed as soon as every name it uses is known.

use std::rc::Rc;

use minijinja::value::{Serde, Value as Computed};

use super::code::Code;
use super::source::Finding;
use super::spelling;
use super::template::Scope;
use super::tree::{Node, Table};

impl Scope<'_> {
    /// With these variables too. They may use each other in any
    /// order, but not in a circle.
    pub(crate) fn with_vars(&self, vars: &Table) -> Self {
        let mut scope = self.clone();
        scope.waiting = Rc::new(vars.iter().map(|(name, entry)| (name.clone(), entry.node.clone())).collect());
        scope.settled()
    }

    /// Computes every waiting variable whose names are all known by now.
    pub(crate) fn settled(mut self) -> Self {
        loop {
            let (ready, waiting): (Vec<_>, Vec<_>) =
                self.waiting.iter().cloned().partition(|(_, node)| self.missing_in(node).is_empty());
            if ready.is_empty() {
                return self;
            }
            let computed: Vec<_> = ready
                .into_iter()
                .filter_map(|(name, node)| Some((name, Computed::from(Serde(self.render(&node)?)))))
                .collect();
            self.waiting = Rc::new(waiting);
            self.define(computed);
        }
    }

    /// The names that a value uses and that are not known.
    fn missing_in(&self, node: &Node) -> Vec<String> {
        let mut missing = Vec::new();
        node.visit_texts(&mut |text, _| {
            missing.extend(self.names_in(text).iter().filter(|name| !self.knows(name, text)).cloned());
        });
        missing
    }

    /// Notes the variables that could never be computed: those that use a name
    /// which is neither known nor among the `late` ones, and circles.
    pub(crate) fn check_waiting(&self, late: &[&str]) {
        for (name, node) in self.waiting.iter() {
            let later = |used: &str| late.contains(&used) || self.waiting.iter().any(|(other, _)| other == used);
            let missing = self.missing_in(node);
            if missing.iter().any(|used| !later(used)) {
                self.note_missing(node, &later);
            } else if self.is_in_circle(name) {
                let message = format!("`{name}` refers to itself");
                let finding = Finding::new(Code::Template, node.span.clone(), message);
                self.notes.push(finding.help("variables may use each other, but not in a circle"));
            }
        }
    }

    /// Notes every name that a value uses, that is not known and that will not
    /// be `later` either.
    pub(crate) fn note_missing(&self, node: &Node, later: &impl Fn(&str) -> bool) {
        node.visit_texts(&mut |text, span| {
            for name in self.names_in(text).iter().filter(|name| !self.knows(name, text) && !later(name)) {
                let finding =
                    Finding::new(Code::UndefinedName, self.place_of(name, span), format!("`{name}` is not defined"));
                self.notes.push(finding.maybe_help(spelling::advice(name, self.values().keys().map(String::as_str))));
            }
        });
    }

    /// Whether a waiting variable needs itself, through whichever others.
    fn is_in_circle(&self, name: &str) -> bool {
        let mut reached = Vec::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            let Some((_, node)) = self.waiting.iter().find(|(waiting, _)| *waiting == next) else { continue };
            for used in self.missing_in(node) {
                if used == name {
                    return true;
                }
                if !reached.contains(&used) {
                    reached.push(used.clone());
                    open.push(used);
                }
            }
        }
        false
    }
}
