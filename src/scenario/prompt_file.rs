//! Prompt files: one prompt, or what makes one, a line.

use super::diagnostic::Code;
use super::prompt::{PromptError, PromptLine, prompts};
use super::source::{Finding, Notes, PromptUse, WantedFile};
use super::wanted::{BAD_LINES_SHOWN, is_json_lines, read_data};

/// The lines of a prompt file that are not empty, and the number of each.
#[derive(Default)]
pub(super) struct Lines {
    numbers: Vec<usize>,
    pub(super) lines: Vec<PromptLine>,
}

/// Reads one prompt file; what is wrong with it is noted.
pub(super) fn read_prompts(file: &WantedFile, shown: &str, notes: &Notes) -> Lines {
    let Some(text) = read_data(file, shown, notes) else { return Lines::default() };
    let is_json = is_json_lines(&file.path);
    let mut read = Lines::default();
    let mut bad = 0;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let parsed = if is_json { parse(line) } else { Ok(PromptLine::from(line.to_owned())) };
        match parsed {
            Ok(line) => {
                read.numbers.push(index + 1);
                read.lines.push(line);
            }
            Err(reason) if bad < BAD_LINES_SHOWN => {
                bad += 1;
                let finding = Finding::new(Code::Prompts, file.span.clone(), format!("{shown}:{}{reason}", index + 1));
                notes.push(finding.help("each line is one object like {\"prompt\": \"…\"}"));
            }
            Err(_) => {}
        }
    }
    if read.lines.is_empty() && bad == 0 {
        let finding = Finding::new(Code::Prompts, file.span.clone(), format!("`{shown}` holds no prompt"));
        notes.push(finding.help("write one prompt a line; blank lines do not count"));
    }
    read
}

/// What is wrong begins with its column, where it has one.
fn parse(line: &str) -> Result<PromptLine, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        format!(":{}: {reason}", error.column())
    })?;
    PromptLine::try_from(value).map_err(|error| format!(": {error}"))
}

/// Notes the lines of which nothing can be said, or not to these servers.
pub(super) fn check_use(usage: &PromptUse, lines: &Lines, file: &WantedFile, shown: &str, notes: &Notes) {
    let template = usage.template.as_ref().map(|(template, _)| template);
    let said = prompts(&lines.lines, template).into_iter().zip(&lines.numbers);
    let refused = said.filter_map(|(prompt, number)| {
        let fits = prompt.and_then(|prompt| {
            usage.dialects.iter().try_for_each(|dialect| prompt.fits(*dialect)).map_err(PromptError::from)
        });
        Some((fits.err()?, number))
    });
    for (error, number) in refused.take(BAD_LINES_SHOWN) {
        let message = format!("{shown}:{number}: {error}");
        notes.push(match (&error, &usage.template) {
            (PromptError::Template(_), Some((_, span))) => {
                Finding::new(Code::Template, span.clone(), message).label("in this template")
            }
            _ => Finding::new(Code::Prompts, file.span.clone(), message).maybe_help(help(&error)),
        });
    }
}

fn help(error: &PromptError) -> Option<String> {
    match error {
        PromptError::Refused(crate::dialect::Refused::Messages { .. }) => {
            Some("ask a chat route: endpoint = \"chat\"".to_owned())
        }
        PromptError::Nothing => Some("each line is one object like {\"prompt\": \"…\"}".to_owned()),
        _ => None,
    }
}
