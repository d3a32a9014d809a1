//! Prompt files: what each record of one asks.

use std::path::Path;

use serde_json::{Map, Value};

use super::super::model::prompt::{PromptLine, prompts};
use super::super::model::prompt_error::PromptError;
use super::super::model::prompt_format::PromptFormat;
use super::conversation;
use super::csv::BadLine;
use super::file_facts::{FileFacts, FileFormat, Skip};
use super::records::{self, Layout, Record, Records};
use super::referenced_file::{PromptUse, ReferencedFile};
use super::referenced_files::{BAD_LINES_SHOWN, read_data};
use super::trace_lengths::{Lengths, lengths, plain, shown};
use crate::format::{Code, Finding, Notes};

/// The prompts of a file, and the line that each begins in.
#[derive(Default)]
pub(in crate::scenario) struct Lines {
    numbers: Vec<usize>,
    pub(in crate::scenario) prompts: Vec<PromptLine>,
    /// None where the file could not be read.
    pub(in crate::scenario) facts: Option<FileFacts>,
    /// What it was read as.
    pub(in crate::scenario) declared: Option<PromptFormat>,
}

/// Reads one prompt file; what is wrong with it is noted.
pub(in crate::scenario) fn read_prompts(usage: &PromptUse, file: &ReferencedFile, shown: &str, notes: &Notes) -> Lines {
    let unread = Lines { declared: usage.format, ..Lines::default() };
    let Some(text) = read_data(file, shown, notes) else { return unread };
    if text.trim().is_empty() {
        let finding = Finding::new(Code::Prompts, file.span.clone(), format!("`{shown}` holds no prompt"));
        notes.push(finding.help("write one prompt a line; blank lines do not count"));
        return unread;
    }
    let (mut lines, bad) = match records::layout(&text, &file.path, usage.format) {
        Ok(layout) => read(records::read(&text, layout)),
        Err(bad) => (unread, vec![bad]),
    };
    lines.declared = usage.format;
    for BadLine { line, column, reason } in bad.iter().take(BAD_LINES_SHOWN) {
        let column = column.map(|column| format!(":{column}")).unwrap_or_default();
        let finding = Finding::new(Code::Prompts, file.span.clone(), format!("{shown}:{line}{column}: {reason}"));
        notes.push(finding.help(advice(&file.path, lines.facts.as_ref())));
    }
    if lines.prompts.is_empty() && bad.is_empty() {
        let skipped = lines.facts.as_ref().map(ToString::to_string).unwrap_or_default();
        let message = format!("`{shown}` holds no prompt{skipped}");
        notes.push(
            Finding::new(Code::Prompts, file.span.clone(), message)
                .help("`runexp explain E016` shows what can be read"),
        );
    }
    lines
}

fn advice(path: &Path, facts: Option<&FileFacts>) -> &'static str {
    match facts.map(|facts| facts.format) {
        None if path.extension().is_some_and(|extension| extension == "txt") => {
            "write every prompt as JSON, {\"prompt\": \"…\"} a line"
        }
        None => "say format = \"text\" if each line is a prompt, or format = \"csv\" if the first line names columns",
        Some(FileFormat::Csv | FileFormat::BurstGpt | FileFormat::Azure) => {
            "the first line names the columns, and every other line has as many fields"
        }
        Some(FileFormat::ShareGpt) => {
            "each is one conversation like {\"conversations\": [{\"from\": \"human\", \"value\": \"…\"}]}"
        }
        Some(FileFormat::JsonArray | FileFormat::Json) => "each element is one object like {\"prompt\": \"…\"}",
        Some(FileFormat::Text | FileFormat::JsonLines | FileFormat::Mooncake) => {
            "each line is one object like {\"prompt\": \"…\"}"
        }
    }
}

fn read(Records { layout, found, mut bad }: Records) -> (Lines, Vec<BadLine>) {
    let first = found.first().and_then(|record| record.value.as_object());
    let is_conversation = first.is_some_and(|fields| conversation::key(fields).is_some());
    let format = if is_conversation { FileFormat::ShareGpt } else { FileFormat::of(layout, found.first()) };
    let mut facts = FileFacts::new(format);
    let mut lines = Lines::default();
    for Record { line, value } in found {
        match prompt_line(value, layout, &mut facts) {
            Ok(Ok(prompt)) => {
                lines.numbers.push(line);
                lines.prompts.push(prompt);
            }
            Ok(Err(skip)) => facts.skip(skip),
            Err(reason) => bad.push(BadLine::new(line, reason)),
        }
    }
    bad.sort_by_key(|bad| bad.line);
    lines.facts = Some(facts);
    (lines, bad)
}

/// What one record asks, or why it is left out.
fn prompt_line(value: Value, layout: Layout, facts: &mut FileFacts) -> Result<Result<PromptLine, Skip>, String> {
    let mut fields = match value {
        Value::String(text) => return Ok(Ok(PromptLine::from(text))),
        Value::Object(fields) => fields,
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_object) => {
            Map::from_iter([("messages".to_owned(), list.into())])
        }
        other => return Err(format!("an object or a text was expected, not {}", shown(&other))),
    };
    facts.shares_prefixes |= fields.contains_key("hash_ids");
    if layout == Layout::Csv {
        from_row(&mut fields)?;
    }
    if let Some(key) = conversation::key(&fields) {
        if let Some(skip) = conversation::hold(&mut fields, key)? {
            return Ok(Err(skip));
        }
    } else if !["prompt", "messages", "turns", "prompt_tokens"].into_iter().any(|way| fields.contains_key(way))
        && let Some(Lengths { prompt, reply }) = lengths(&fields).transpose()?
    {
        facts.has_lengths = true;
        if prompt == 0 || reply == 0 {
            return Ok(Err(Skip::NoTokens));
        }
        fields = Map::from_iter([("prompt_tokens".to_owned(), prompt.into()), ("max_tokens".to_owned(), reply.into())]);
    }
    PromptLine::try_from(Value::Object(fields)).map(Ok).map_err(|error| error.to_string())
}

/// The keys of a row that are more than text, and `prompt` however it is
/// written.
fn from_row(fields: &mut Map<String, Value>) -> Result<(), String> {
    if !fields.contains_key("prompt")
        && let Some(prompt) = fields.iter().find(|(name, _)| plain(name) == "prompt").map(|(_, text)| text.clone())
    {
        fields.insert("prompt".to_owned(), prompt);
    }
    if fields.get("prompt").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
        return Err("`prompt` is empty".to_owned());
    }
    for key in ["max_tokens", "prompt_tokens"] {
        let Some(text) = fields.get(key).and_then(Value::as_str).map(|text| text.trim().to_owned()) else { continue };
        if text.is_empty() {
            fields.shift_remove(key);
        } else if let Ok(count) = text.parse::<u64>() {
            fields.insert(key.to_owned(), count.into());
        }
    }
    Ok(())
}

/// Notes the lines of which nothing can be said, or not to these servers.
pub(in crate::scenario) fn check_use(
    usage: &PromptUse,
    lines: &Lines,
    file: &ReferencedFile,
    shown: &str,
    notes: &Notes,
) {
    let template = usage.template.as_ref().map(|(template, _)| template);
    let said = prompts(&lines.prompts, template).into_iter().zip(&lines.numbers).zip(&lines.prompts);
    let refused = said.filter_map(|((prompt, number), line)| {
        let fits = prompt.and_then(|prompt| {
            if prompt.max_tokens.is_none() && usage.needs_max_tokens {
                return Err(PromptError::NoMaxTokens);
            }
            usage.dialects.iter().try_for_each(|dialect| prompt.fits(*dialect)).map_err(PromptError::from)
        });
        Some((fits.err()?, number, line))
    });
    for (error, number, line) in refused.take(BAD_LINES_SHOWN) {
        let message = format!("{shown}:{number}: {error}");
        notes.push(match (&error, &usage.template) {
            (PromptError::Template(_), Some((_, span))) => {
                Finding::new(Code::Template, span.clone(), message).label("in this template")
            }
            _ => Finding::new(Code::Prompts, file.span.clone(), message).maybe_help(help(&error, line)),
        });
    }
}

/// Keys that hold a question in files that people share.
const QUESTIONS: [&str; 7] = ["question", "instruction", "query", "input", "text", "content", "request"];

fn help(error: &PromptError, line: &PromptLine) -> Option<String> {
    match error {
        PromptError::Refused(crate::dialect::Refused::Messages { .. }) => {
            Some("ask a chat route: endpoint = \"chat\"".to_owned())
        }
        PromptError::Nothing => Some(match line.keys().as_slice() {
            [] => "each line is one object like {\"prompt\": \"…\"}".to_owned(),
            keys => {
                let says = QUESTIONS.iter().find(|question| keys.iter().any(|key| key == *question));
                let example = says.map(|key| format!(", template = \"{{{{ prompt.{key} }}}}\" for one"));
                let keys = keys.join(", ");
                format!("its keys are {keys}: say by a `template` what to ask of them{}", example.unwrap_or_default())
            }
        }),
        PromptError::NoMaxTokens => Some("give the request a `max_tokens`, for lines that have none".to_owned()),
        _ => None,
    }
}
