//! Templates in strings, by minijinja: `{{ … }}`, `{% … %}` and the bare
//! expression of a `when`.
//!
//! A string that is wholly one `{{ … }}` takes the expression's type, and in a
//! list such a string with a list for its value is spliced in place. Nothing
//! can be loaded or called from a template, its work is bounded by fuel, and a
//! name that is not defined is a problem at its place.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use minijinja::value::{Value as Computed, ValueKind};
use minijinja::{Environment, Error};
use serde_json::Value as Json;

use super::code::Code;
use super::source::{Finding, Notes, SourceMap, Span};
use super::spelling;
use super::syntax::DEEPEST;
use super::tree::{Entry, Node, Table, Value};
use crate::text::user_info;

mod environment;
mod written;

pub(crate) use environment::{environment, reason};
use written::Template;

/// The names a template may use, and what is noticed while it is computed.
#[derive(Clone)]
pub(crate) struct Scope<'a> {
    environment: Rc<Environment<'static>>,
    /// The names that a text uses, which parsing it would give every time.
    names: Rc<RefCell<HashMap<String, Rc<[String]>>>>,
    values: Rc<BTreeMap<String, Computed>>,
    context: Computed,
    /// Variables that use a name which is not known yet.
    pub(crate) waiting: Rc<Vec<(String, Node)>>,
    pub(crate) notes: &'a Notes,
    pub(crate) sources: &'a SourceMap,
}

impl<'a> Scope<'a> {
    /// With no name defined.
    pub(crate) fn empty(notes: &'a Notes, sources: &'a SourceMap) -> Self {
        let context = Computed::from(BTreeMap::<String, Computed>::new());
        let waiting = Rc::default();
        Self {
            environment: Rc::new(environment()),
            names: Rc::default(),
            values: Rc::default(),
            context,
            waiting,
            notes,
            sources,
        }
    }

    /// Noting problems elsewhere.
    pub(crate) fn noting(self, notes: &'a Notes) -> Self {
        Self { notes, ..self }
    }

    /// Every name that is defined.
    pub(crate) fn values(&self) -> &BTreeMap<String, Computed> {
        &self.values
    }

    /// With these names too, and with the variables that were waiting for them.
    pub(crate) fn with(&self, names: impl IntoIterator<Item = (String, Computed)>) -> Self {
        let mut scope = self.clone();
        scope.define(names);
        scope.settled()
    }

    pub(crate) fn define(&mut self, names: impl IntoIterator<Item = (String, Computed)>) {
        Rc::make_mut(&mut self.values).extend(names);
        self.context = Computed::from(BTreeMap::clone(&self.values));
    }

    /// Whether a name that `text` uses is defined, or is guarded there by
    /// `is defined`.
    pub(crate) fn knows(&self, name: &str, text: &str) -> bool {
        self.values.contains_key(name)
            || self.environment.globals().any(|(global, _)| global == name)
            || is_guarded(name, text)
    }

    /// The names that the templates in a text use.
    pub(crate) fn names_in(&self, text: &str) -> Rc<[String]> {
        match Template::of(text) {
            Template::None => Rc::default(),
            Template::Whole(expression) => self.names_in_expression(expression),
            Template::Mixed => self.names_in_template(text),
        }
    }

    fn names_in_template(&self, text: &str) -> Rc<[String]> {
        self.remembered(text, || Ok(self.environment.template_from_str(text)?.undeclared_variables(false)))
    }

    /// The names that a bare expression uses.
    pub(crate) fn names_in_expression(&self, expression: &str) -> Rc<[String]> {
        let parse = || Ok(self.environment.compile_expression(expression)?.undeclared_variables(false));
        match Template::of(expression) {
            Template::None => self.remembered(expression, parse),
            // As a template the same text would mean something else.
            Template::Whole(_) | Template::Mixed => collected(parse()),
        }
    }

    fn remembered(&self, text: &str, parse: impl FnOnce() -> Result<HashSet<String>, Error>) -> Rc<[String]> {
        if let Some(names) = self.names.borrow().get(text) {
            return Rc::clone(names);
        }
        let names = collected(parse());
        self.names.borrow_mut().insert(text.to_owned(), Rc::clone(&names));
        names
    }

    /// A value with every template in it computed.
    pub(crate) fn render(&self, node: &Node) -> Option<Node> {
        let value = match &node.value {
            Value::Text(text) => return self.render_text(text, node).inspect(|node| self.note_user_info(node)),
            Value::List(list) => Value::List(self.render_list(list)?),
            Value::Table(table) => Value::Table(self.render_table(table)?),
            plain @ (Value::Integer(_) | Value::Float(_) | Value::Bool(_)) => plain.clone(),
        };
        Some(Node::new(value, node.span.clone()))
    }

    fn render_list(&self, list: &[Node]) -> Option<Vec<Node>> {
        let rendered: Vec<Option<Vec<Node>>> = list
            .iter()
            .map(|node| match self.render(node)? {
                Node { value: Value::List(spliced), computed: true, .. } => Some(spliced),
                single => Some(vec![single]),
            })
            .collect();
        rendered.into_iter().collect::<Option<Vec<_>>>().map(|parts| parts.into_iter().flatten().collect())
    }

    fn render_table(&self, table: &Table) -> Option<Table> {
        let rendered: Vec<Option<(String, Entry)>> = table
            .iter()
            .map(|(name, entry)| {
                Some((name.clone(), Entry { key: entry.key.clone(), node: self.render(&entry.node)? }))
            })
            .collect();
        rendered.into_iter().collect()
    }

    fn render_text(&self, text: &str, node: &Node) -> Option<Node> {
        let value = match Template::of(text) {
            Template::None => return Some(node.clone()),
            Template::Whole(expression) => {
                let computed = self.evaluate(expression, &node.span)?;
                return self.to_node(&computed, &node.span, 0);
            }
            Template::Mixed => {
                let template = self.noted(self.environment.template_from_str(text), &node.span)?;
                self.all_defined(&self.names_in(text), text, &node.span)?;
                self.noted(template.render(self.context.clone()), &node.span)?
            }
        };
        Some(Node { value: Value::Text(value), span: node.span.clone(), computed: true })
    }

    /// A password in a URL would stand in the frozen scenario, in the plan and
    /// on the command lines of others.
    fn note_user_info(&self, node: &Node) {
        if node.as_text().and_then(user_info).is_some() {
            let message = "a URL may hold no user name or password";
            let finding = Finding::new(Code::UserInfo, node.span.clone(), message);
            self.notes
                .push(finding.help("leave it out: for a server there are `bearer` and `headers`, for curl `--netrc`"));
        }
    }

    /// The values of the names in a text that is computed later, when `later`
    /// is known too.
    pub(crate) fn values_in(&self, text: &str, later: &str, span: &Span) -> Option<BTreeMap<String, Json>> {
        self.noted(self.environment.template_from_str(text), span)?;
        let names = self.names_in_template(text);
        let now: Vec<String> = names.iter().filter(|name| *name != later).cloned().collect();
        self.all_defined(&now, text, span)?;
        let value = |name: String| Some((serde_json::to_value(self.values.get(&name)?).ok()?, name));
        Some(now.into_iter().filter_map(value).map(|(value, name)| (name, value)).collect())
    }

    /// Whether a bare expression is true.
    pub(crate) fn holds(&self, expression: &str, span: &Span) -> Option<bool> {
        self.evaluate(expression, span).map(|value| value.is_true())
    }

    /// The value of a bare expression.
    pub(crate) fn compute(&self, expression: &str, span: &Span) -> Option<Node> {
        self.to_node(&self.evaluate(expression, span)?, span, 0)
    }

    fn evaluate(&self, expression: &str, span: &Span) -> Option<Computed> {
        let compiled = self.noted(self.environment.compile_expression(expression), span)?;
        self.all_defined(&self.names_in_expression(expression), expression, span)?;
        self.noted(compiled.eval(self.context.clone()), span)
    }

    fn noted<T>(&self, result: Result<T, Error>, span: &Span) -> Option<T> {
        result
            .map_err(|error| {
                self.notes.push(Finding::new(Code::Template, span.clone(), reason(&error)).label("in this template"));
            })
            .ok()
    }

    /// Whether every name is defined; a variable that waits for others is not,
    /// and the names it waits for are the ones to be told.
    fn all_defined(&self, used: &[String], text: &str, span: &Span) -> Option<()> {
        let unknown: Vec<&String> = used.iter().filter(|name| !self.knows(name, text)).collect();
        for name in unknown.iter().copied() {
            if let Some((_, node)) = self.waiting.iter().find(|(waiting, _)| waiting == name) {
                self.note_missing(node, &|_| false);
                continue;
            }
            let place = self.place_of(name, span);
            let finding = Finding::new(Code::UndefinedName, place, format!("`{name}` is not defined"));
            self.notes.push(finding.maybe_help(spelling::advice(name, self.values.keys().map(String::as_str))));
        }
        unknown.is_empty().then_some(())
    }

    /// Where a name stands inside the source of a string.
    pub(crate) fn place_of(&self, name: &str, span: &Span) -> Span {
        let source = self.sources.text(span);
        let template = source.find("{{").into_iter().chain(source.find("{%")).min().unwrap_or(0);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let position = source.match_indices(name).map(|(position, _)| position).find(|&position| {
            position >= template
                && !source.get(..position).is_some_and(|before| before.ends_with(is_word))
                && !source.get(position + name.len()..).is_some_and(|after| after.starts_with(is_word))
        });
        match position {
            Some(position) => span.start + position..span.start + position + name.len(),
            None => span.clone(),
        }
    }

    fn to_node(&self, computed: &Computed, span: &Span, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            let message = format!("this template gives a value more than {DEEPEST} levels deep");
            self.notes.push(Finding::new(Code::Bounds, span.clone(), message));
            return None;
        }
        let value = match computed.kind() {
            ValueKind::Bool => Value::Bool(computed.is_true()),
            ValueKind::Number => match (computed.as_i64(), f64::try_from(computed.clone())) {
                (Some(number), _) if computed.is_integer() => Value::Integer(number),
                (_, Ok(number)) => Value::Float(number),
                (_, Err(_)) => return self.no_value(computed, span),
            },
            ValueKind::String => Value::Text(computed.as_str().unwrap_or_default().to_owned()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = computed.try_iter().ok()?.map(|item| self.to_node(&item, span, depth + 1));
                Value::List(items.collect::<Option<_>>()?)
            }
            ValueKind::Map => Value::Table(self.to_table(computed, span, depth + 1)?),
            _ => return self.no_value(computed, span),
        };
        Some(Node { value, span: span.clone(), computed: true })
    }

    fn to_table(&self, computed: &Computed, span: &Span, depth: usize) -> Option<Table> {
        let entry = |key: Computed| {
            let node = self.to_node(&computed.get_item(&key).ok()?, span, depth)?;
            Some((key.to_string(), Entry { key: span.clone(), node }))
        };
        computed.try_iter().ok()?.map(entry).collect()
    }

    fn no_value(&self, computed: &Computed, span: &Span) -> Option<Node> {
        let message = format!("this template gives no value but {}", computed.kind());
        self.notes.push(Finding::new(Code::Template, span.clone(), message));
        None
    }
}

fn collected(names: Result<HashSet<String>, Error>) -> Rc<[String]> {
    names.unwrap_or_default().into_iter().collect()
}

/// Whether `text` asks if `name` is defined, and so can do without it.
fn is_guarded(name: &str, text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).any(|three| three == [name, "is", "defined"])
        || words.windows(4).any(|four| four == [name, "is", "not", "defined"])
}
