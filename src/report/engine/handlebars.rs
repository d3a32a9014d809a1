use handlebars::{
    Context as Data, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext,
    RenderError as Refusal, RenderErrorReason, Renderable, ScopedJson, TemplateErrorReason, html_escape, no_escape,
};
use serde_json::Value as Json;

use super::{Markup, NO_CELL, NO_METRIC};
use crate::report::context::Context;
use crate::report::error::RenderError;
use crate::report::text::{self, NOT_MEASURED};

/// Renders a template of the handlebars language.
pub(in crate::report) fn render(
    name: &str,
    document: &str,
    source: &str,
    context: &Context,
) -> Result<String, RenderError> {
    let mut registry = registry(Markup::of(document));
    registry.register_template_string(name, source).map_err(|error| RenderError::HandlebarsSyntax {
        template: name.to_owned(),
        line: error.pos().map_or(0, |(line, _)| line),
        what: unreadable(error.reason()),
    })?;
    registry.render(name, context).map_err(|error| RenderError::Handlebars {
        template: name.to_owned(),
        line: error.line_no.unwrap_or(0),
        what: refused(error.reason()),
    })
}

/// Without the long list of grammar rules that could have stood there.
fn unreadable(reason: &TemplateErrorReason) -> String {
    let words = text::line(&reason.to_string());
    words.split(": expected").next().unwrap_or_default().to_owned()
}

fn refused(reason: &RenderErrorReason) -> String {
    match reason {
        RenderErrorReason::MissingVariable(Some(name)) => {
            format!("undefined value: `{}` is undefined", text::line(name))
        }
        RenderErrorReason::InvalidParamType(wanted) => format!("invalid operation: a parameter is not a {wanted}"),
        reason => text::line(&reason.to_string()),
    }
}

fn registry(markup: Markup) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    match markup {
        Markup::Html => registry.register_escape_fn(html_escape),
        Markup::Markdown => registry.register_escape_fn(no_escape),
    }
    // The engine's own `if` and `unless` take a misspelt name for false, even
    // in strict mode.
    registry.register_helper("if", Box::new(StrictIf { wanted: true }));
    registry.register_helper("unless", Box::new(StrictIf { wanted: false }));
    registry.register_helper("cell", Box::new(words(move |value, _| Ok(markup.cell(&shown(value))))));
    registry
        .register_helper("fixed", Box::new(words(|value, digits| number(value, |v| text::fixed(v, whole(digits))))));
    registry.register_helper("percent", Box::new(words(|value, _| number(value, text::percent))));
    registry.register_helper("si", Box::new(words(|value, _| number(value, text::si))));
    registry.register_helper("figure", Box::new(words(figure)));
    registry.register_helper("short", Box::new(words(short)));
    registry.register_helper("notes", Box::new(Values(notes)));
    registry
}

/// `{{#if name}}` that fails on a name that does not exist.
struct StrictIf {
    wanted: bool,
}

impl HelperDef for StrictIf {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        data: &'rc Data,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let condition = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("if", 0))?;
        if condition.is_value_missing() {
            return Err(Refusal::strict_error(condition.relative_path()));
        }
        let holds = condition.value().is_truthy(false) == self.wanted;
        let branch = if holds { helper.template() } else { helper.inverse() };
        branch.map_or(Ok(()), |branch| branch.render(registry, data, render, out))
    }
}

fn words<F>(make: F) -> Values<impl Fn(&Json, Option<&Json>) -> Result<Json, Refusal>>
where
    F: Fn(&Json, Option<&Json>) -> Result<String, Refusal>,
{
    Values(move |value: &Json, parameter: Option<&Json>| make(value, parameter).map(Json::from))
}

/// A helper that makes a value of one or two, and fails on a missing one.
struct Values<F>(F);

impl<F: Fn(&Json, Option<&Json>) -> Result<Json, Refusal> + Send + Sync> HelperDef for Values<F> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Data,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, Refusal> {
        let value = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("helper", 0))?;
        if let Some(missing) = helper.params().iter().find(|param| param.is_value_missing()) {
            return Err(Refusal::strict_error(missing.relative_path()));
        }
        (self.0)(value.value(), helper.param(1).map(handlebars::PathAndJson::value)).map(ScopedJson::Derived)
    }
}

/// `{{#each (notes rows "ttft_p50 ttft_p95")}}`: what the short figures of a
/// table refer to.
fn notes(rows: &Json, ids: Option<&Json>) -> Result<Json, Refusal> {
    let ids = ids.and_then(Json::as_str).ok_or(RenderErrorReason::InvalidParamType("metric id"))?;
    Ok(super::notes(rows, ids).ok_or(RenderErrorReason::InvalidParamType("list of cells"))?.into())
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Json, show: impl Fn(f64) -> String) -> Result<String, Refusal> {
    match value {
        Json::Null => Ok(NOT_MEASURED.to_owned()),
        value => value.as_f64().map(show).ok_or_else(|| RenderErrorReason::InvalidParamType("number").into()),
    }
}

fn whole(digits: Option<&Json>) -> usize {
    digits.and_then(Json::as_u64).and_then(|digits| usize::try_from(digits).ok()).unwrap_or(1)
}

/// `{{figure cell "ttft_p50"}}`: the metric's text with its unit, and a gap
/// when the cell is null or has no such metric. `{{short cell "ttft_p50"}}`:
/// the same for the cell of a table.
fn figure(cell: &Json, id: Option<&Json>) -> Result<String, Refusal> {
    Ok(find(cell, id, "with_unit")?.unwrap_or_else(|why| format!("{NOT_MEASURED}: {why}")))
}

fn short(cell: &Json, id: Option<&Json>) -> Result<String, Refusal> {
    Ok(find(cell, id, "short")?.unwrap_or_else(str::to_owned))
}

/// One text of a figure, or why there is no figure.
fn find(cell: &Json, id: Option<&Json>, text: &str) -> Result<Result<String, &'static str>, Refusal> {
    if cell.is_null() {
        return Ok(Err(NO_CELL));
    }
    let figures = cell.get("figures").ok_or(RenderErrorReason::InvalidParamType("cell"))?;
    let id = id.and_then(Json::as_str).ok_or(RenderErrorReason::InvalidParamType("metric id"))?;
    let text = figures.get(id).and_then(|figure| figure.get(text)).and_then(Json::as_str);
    Ok(text.map(str::to_owned).ok_or(NO_METRIC))
}
