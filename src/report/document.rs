use std::collections::BTreeSet;

use super::context::Context;
use super::engine::{self, Engine};
use super::error::RenderError;

/// The shipped templates: file name and text.
pub const fn builtin() -> &'static [(&'static str, &'static str)] {
    &[
        ("summary.md.j2", include_str!("../../templates/summary.md.j2")),
        ("guide.md.j2", include_str!("../../templates/guide.md.j2")),
        ("decision.md.hbs", include_str!("../../templates/decision.md.hbs")),
    ]
}

/// The template of a calibration's own document.
pub const fn calibration() -> (&'static str, &'static str) {
    ("noise.md.j2", include_str!("../../templates/noise.md.j2"))
}

/// One document. `name` is the template's file name and chooses the engine.
///
/// # Errors
/// When the suffix is unknown, the template is wrong or names something that
/// the context lacks, or a simulated run's document does not say SIMULATED.
pub fn render(name: &str, source: &str, context: &Context) -> Result<String, RenderError> {
    let (document, engine) = split(name)?;
    let text = match engine {
        Engine::Minijinja => engine::minijinja::render(name, document, source, context)?,
        Engine::Handlebars => engine::handlebars::render(name, document, source, context)?,
    };
    match &context.simulated {
        Some(simulated) if !text.contains(&simulated.banner) => {
            Err(RenderError::NoBanner { template: name.to_owned() })
        }
        _ => Ok(text),
    }
}

/// Every document: file name and text. A file is called as its template
/// without the engine's suffix, with `SIMULATED-` before it if the run was.
///
/// # Errors
/// As [`render`], and when two templates make the same document.
pub fn files(context: &Context, templates: &[(String, String)]) -> Result<Vec<(String, String)>, RenderError> {
    let mut taken = BTreeSet::new();
    templates
        .iter()
        .map(|(name, source)| {
            let (document, _) = split(name)?;
            let document =
                if context.simulated.is_some() { format!("SIMULATED-{document}") } else { document.to_owned() };
            if !taken.insert(document.clone()) {
                return Err(RenderError::SameDocument { template: name.clone(), document });
            }
            Ok((document, render(name, source, context)?))
        })
        .collect()
}

/// The document's name and the engine that makes it.
fn split(name: &str) -> Result<(&str, Engine), RenderError> {
    let (document, engine) = [(".j2", Engine::Minijinja), (".hbs", Engine::Handlebars)]
        .into_iter()
        .find_map(|(suffix, engine)| name.strip_suffix(suffix).map(|document| (document, engine)))
        .ok_or_else(|| RenderError::UnknownEngine { template: name.to_owned() })?;
    if document.is_empty() || document.starts_with('.') || document.contains(['/', '\\', '\0']) {
        return Err(RenderError::NotAFileName { template: name.to_owned() });
    }
    Ok((document, engine))
}
