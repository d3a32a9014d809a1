/// What of a string is a template.
pub(super) enum Template<'t> {
    None,
    Whole(&'t str),
    Mixed,
}

impl<'t> Template<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        if !text.contains("{{") && !text.contains("{%") {
            return Self::None;
        }
        let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        match inner {
            Some(inner) if !["{{", "}}", "{%"].iter().any(|mark| inner.contains(mark)) => Self::Whole(inner.trim()),
            _ => Self::Mixed,
        }
    }
}
