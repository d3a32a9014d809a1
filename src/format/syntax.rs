//! What makes a text no TOML, told so that one mistake is one problem.

use toml::de::Error;
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::code::Code;
use super::source::{Finding, Span};

/// Levels of tables and lists. The parser bounds brackets and the parts of a
/// key apart, which together is more than a stack can hold.
pub(crate) const DEEPEST: usize = 64;

/// The first place where brackets and the parts of dotted keys around it are
/// more than [`DEEPEST`].
pub(crate) fn too_deep(text: &str) -> Option<Finding> {
    // For the line and for each open bracket, the parts of the key being read.
    let mut keys = vec![0_usize];
    let place = Source::new(text).lex().find_map(|token| {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => keys.push(0),
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket if keys.len() > 1 => drop(keys.pop()),
            TokenKind::Dot => *keys.last_mut()? += 1,
            TokenKind::Comma => *keys.last_mut()? = 0,
            TokenKind::Newline if keys.len() == 1 => *keys.last_mut()? = 0,
            _ => {}
        }
        let is_too_deep = keys.len() + keys.iter().sum::<usize>() > DEEPEST;
        is_too_deep.then(|| token.span().start()..token.span().end())
    })?;
    Some(Finding::new(Code::Bounds, place, format!("more than {DEEPEST} levels deep")).help("nest less deeply"))
}

/// The findings for what the parser complains of. It goes on after an error,
/// and stumbles again: of several errors in a line only the first is told;
/// behind a bracket that nothing closes none, since all of it is inside; and a
/// duplicate key only if nothing else is wrong before it, since the keys under a
/// broken header fall into the table above.
pub(crate) fn told_once(text: &str, errors: &[Error]) -> Vec<Finding> {
    let mut errors: Vec<(Span, String)> =
        errors.iter().map(|error| (error.span().unwrap_or(0..0), in_one_line(error.message()))).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let open = unclosed(text);
    let line_after = |position: usize| {
        text.get(position..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| position + newline + 1)
    };
    let inside = open.as_ref().map_or(text.len() + 1, |bracket| line_after(bracket.start));
    let mut findings = Vec::new();
    let mut next_line = 0;
    for (span, message) in errors.into_iter().filter(|(span, _)| span.start < inside) {
        let is_echo = !findings.is_empty() && (span.start < next_line || message.starts_with("duplicate key"));
        if !is_echo {
            next_line = line_after(span.start);
            findings.push(Finding::new(Code::Syntax, span, message));
        }
    }
    if let Some(bracket) = open.filter(|bracket| findings.is_empty() || bracket.start >= next_line) {
        let (written, wanted) = if text.get(bracket.clone()) == Some("[") { ("[", "]") } else { ("{", "}") };
        let finding = Finding::new(Code::Syntax, bracket, format!("`{written}` is never closed"));
        findings.push(finding.help(format!("close it with `{wanted}`")));
    }
    findings
}

fn in_one_line(message: &str) -> String {
    message.trim_end().replace('\n', ", ")
}

/// The innermost bracket of a value that is still open at the end.
fn unclosed(text: &str) -> Option<Span> {
    let mut open: Vec<(TokenKind, Span)> = Vec::new();
    let mut is_value = false;
    for token in Source::new(text).lex() {
        let kind = token.kind();
        match kind {
            TokenKind::Equals => is_value = true,
            TokenKind::Newline => is_value = !open.is_empty(),
            // Before a `=` it is the bracket of a header.
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket if is_value => {
                open.push((kind, token.span().start()..token.span().end()));
            }
            TokenKind::RightSquareBracket => drop(open.pop_if(|(kind, _)| *kind == TokenKind::LeftSquareBracket)),
            TokenKind::RightCurlyBracket => drop(open.pop_if(|(kind, _)| *kind == TokenKind::LeftCurlyBracket)),
            _ => {}
        }
    }
    open.pop().map(|(_, span)| span)
}
