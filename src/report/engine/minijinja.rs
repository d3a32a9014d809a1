use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::{Markup, NO_CELL, NO_METRIC};
use crate::report::context::{CellRow, Context};
use crate::report::error::RenderError;
use crate::report::figure::Figure;
use crate::report::text::{self, NOT_MEASURED};

/// Far above any report, and below a second: a template's endless loop ends.
const FUEL: u64 = 5_000_000;

/// Renders a template of the Jinja language.
pub(in crate::report) fn render(
    name: &str,
    document: &str,
    source: &str,
    context: &Context,
) -> Result<String, RenderError> {
    let failed = |error: Error| RenderError::Minijinja {
        template: name.to_owned(),
        line: error.line().unwrap_or(0),
        what: text::line(&words(&error)),
    };
    let mut environment = environment(Markup::of(document), context);
    environment.set_syntax(syntax().map_err(failed)?);
    let template = environment.template_from_named_str(name, source).map_err(failed)?;
    template.render(Value::from(Serde(context))).map_err(failed)
}

fn environment(markup: Markup, context: &Context) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(move |_| match markup {
        Markup::Html => AutoEscape::Html,
        Markup::Markdown => AutoEscape::None,
    });
    environment.add_filter("cell", move |text: String| markup.cell(&text));
    environment.add_filter("fixed", |value: Value, digits: usize| number(&value, |v| text::fixed(v, digits)));
    environment.add_filter("percent", |value: Value| number(&value, text::percent));
    environment.add_filter("si", |value: Value| number(&value, text::si));
    environment.add_filter("figure", figure);
    environment.add_filter("notes", notes);
    let cells = context.cells.clone();
    environment.add_function("find", move |wanted: Kwargs| find(&cells, &wanted));
    environment
}

/// A tag on a line of its own leaves no empty line behind, which would end a
/// Markdown table.
fn syntax() -> Result<SyntaxConfig, Error> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
}

fn words(error: &Error) -> String {
    let kind = error.kind().to_string();
    error.detail().map_or_else(|| kind.clone(), |detail| format!("{kind}: {detail}"))
}

fn number(value: &Value, show: impl Fn(f64) -> String) -> Result<String, Error> {
    if value.is_none() {
        return Ok(NOT_MEASURED.to_owned());
    }
    f64::try_from(value.clone()).map(show)
}

/// `cell|figure("ttft_p50")`: the metric's [`Figure`], and a gap when the cell
/// is none or has no such metric.
fn figure(cell: &Value, id: &str) -> Result<Value, Error> {
    if cell.is_none() {
        return Ok(gap(id, NO_CELL));
    }
    let figure = cell.get_attr("figures")?;
    if figure.is_undefined() {
        return Err(Error::new(ErrorKind::InvalidOperation, "`figure` wants a cell on its left"));
    }
    let figure = figure.get_item(&Value::from(id))?;
    Ok(if figure.is_undefined() { gap(id, NO_METRIC) } else { figure })
}

fn gap(id: &str, why: &str) -> Value {
    let short = why.to_owned();
    Value::from(Serde(Figure { short, ..Figure::gap(id, None, &format!("{NOT_MEASURED}: {why}")) }))
}

/// `cells|notes("ttft_p50 ttft_p95")`: what the short figures of a table refer to.
fn notes(rows: &Value, ids: &str) -> Result<Value, Error> {
    let wrong = || Error::new(ErrorKind::InvalidOperation, "`notes` wants cells on its left");
    let rows = serde_json::to_value(rows).map_err(|error| wrong().with_source(error))?;
    Ok(Value::from(Serde(super::notes(&rows, ids).ok_or_else(wrong)?)))
}

/// `find(phase="concurrent", mps="on", clients=2)`: the first cell that has
/// every level, or none.
fn find(cells: &[CellRow], wanted: &Kwargs) -> Result<Value, Error> {
    let levels = wanted
        .args()
        .map(|key| Ok((key.to_owned(), wanted.peek::<Value>(key)?.to_string())))
        .collect::<Result<Vec<_>, Error>>()?;
    let cell = cells.iter().find(|cell| levels.iter().all(|(key, level)| cell.has(key, level)));
    Ok(cell.map_or(Value::from(()), |cell| Value::from(Serde(cell))))
}
