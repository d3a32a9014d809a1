/// A document could not be rendered. [`RenderError::help`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The suffix names no template engine.
    #[error("cannot tell the engine of template `{template}` by its suffix")]
    UnknownEngine {
        /// The template.
        template: String,
    },
    /// The document's name would leave the report's folder.
    #[error("template `{template}` does not name a file")]
    NotAFileName {
        /// The template.
        template: String,
    },
    /// Two templates make the same document.
    #[error("template `{template}` makes `{document}`, and so does another template")]
    SameDocument {
        /// The second template.
        template: String,
        /// The document.
        document: String,
    },
    /// minijinja refused.
    #[error("failed to render template `{template}`, line {line}: {what}")]
    Minijinja {
        /// The template.
        template: String,
        /// From 1; 0 if not known.
        line: usize,
        /// What minijinja says is wrong.
        what: String,
    },
    /// handlebars could not read the template.
    #[error("failed to read template `{template}`, line {line}: {what}")]
    HandlebarsSyntax {
        /// The template.
        template: String,
        /// From 1; 0 if not known.
        line: usize,
        /// What handlebars says is wrong.
        what: String,
    },
    /// handlebars refused.
    #[error("failed to render template `{template}`, line {line}: {what}")]
    Handlebars {
        /// The template.
        template: String,
        /// From 1; 0 if not known.
        line: usize,
        /// What handlebars says is wrong.
        what: String,
    },
    /// A simulated run, and the document does not say so.
    #[error("template `{template}` makes a document of a simulated run that does not carry the SIMULATED banner")]
    NoBanner {
        /// The template.
        template: String,
    },
}

impl RenderError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::UnknownEngine { .. } => "end its name in `.j2` (minijinja) or `.hbs` (handlebars)",
            Self::NotAFileName { .. } => "give it a plain file name without folders, like `mine.md.j2`",
            Self::SameDocument { .. } => "rename one of the two",
            Self::Minijinja { .. } => {
                "correct that line; `templates/summary.md.j2` shows the names there are, and \
                 `name is defined` tests for one that may be absent"
            }
            Self::Handlebars { .. } => "correct that line; `templates/decision.md.hbs` shows names and helpers",
            Self::HandlebarsSyntax { .. } => "correct that line; every `{{#block}}` needs its `{{/block}}`",
            Self::NoBanner { .. } => {
                "add `{% if simulated %}{{ simulated.banner }}{% endif %}` (minijinja) or \
                 `{{#if simulated}}{{simulated.banner}}{{/if}}` (handlebars) near its top"
            }
        }
    }
}
