use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;

use serde_json::Value;

use super::percent_encoded;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "[hidden]";
/// A shorter part of a secret may be an ordinary word.
const PART: usize = 8;
/// A shorter start of a secret at the end of a text is likely something else.
const LEAST_START: usize = 4;

/// Secrets that nothing may repeat: each as it is, as JSON has it and as URLs
/// have it, and every part of these of at least eight bytes.
#[derive(Clone, Default)]
pub struct Redaction {
    forms: BTreeSet<String>,
    /// Every eight bytes that follow each other in a form.
    parts: HashSet<[u8; PART]>,
    /// Forms that are shorter than that.
    short: Vec<String>,
    /// How forms begin, shorter than a part: what a text may end with that was
    /// cut off there.
    starts: BTreeSet<String>,
    /// With which two bytes parts and short forms begin: most bytes of a text
    /// need no closer look.
    beginnings: HashSet<[u8; 2]>,
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redaction of {} forms", self.forms.len())
    }
}

impl Redaction {
    /// Of these secrets; one of fewer than two bytes cannot be hidden.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut redaction = Self::default();
        for secret in secrets {
            let json = Value::from(secret.as_str()).to_string();
            let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
            for form in [percent_encoded(&secret), json, secret] {
                redaction.add(form);
            }
        }
        redaction
    }

    fn add(&mut self, form: String) {
        let bytes = form.as_bytes();
        if bytes.len() < 2 {
            return;
        }
        if bytes.len() < PART {
            self.beginnings.extend(bytes.first_chunk::<2>());
            self.short.push(form.clone());
        }
        let starts = (LEAST_START..PART.min(bytes.len())).filter_map(|end| form.get(..end).map(str::to_owned));
        self.starts.extend(starts);
        for part in bytes.windows(PART).filter_map(|window| window.first_chunk::<PART>()) {
            self.beginnings.extend(part.first_chunk::<2>());
            self.parts.insert(*part);
        }
        self.forms.insert(form);
    }

    /// The same, but what stands in this text anyway is left alone: a part of a
    /// secret may be the name of a model.
    pub fn sparing(mut self, text: &str) -> Self {
        let stands_there: HashSet<&[u8]> = text.as_bytes().windows(PART).collect();
        self.parts.retain(|part| !stands_there.contains(part.as_slice()));
        self.short.retain(|form| !text.contains(form));
        self.starts.retain(|start| !text.contains(start));
        self.forms.retain(|form| form.as_bytes().windows(PART).any(|part| !stands_there.contains(part)));
        self.forms.extend(self.short.iter().cloned());
        self
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Whether a secret as a whole stands in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.forms.iter().any(|form| text.contains(form))
    }

    /// Where secrets and parts of them stand, each stretch as long as it goes.
    pub fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.is_empty() {
            return found;
        }
        for at in 0..bytes.len() {
            let Some(length) = self.length_at(&bytes[at..]) else { continue };
            match found.last_mut() {
                Some(last) if last.end >= at => last.end = last.end.max(at + length),
                _ => found.push(at..at + length),
            }
        }
        found
    }

    /// How much of a secret begins here.
    fn length_at(&self, bytes: &[u8]) -> Option<usize> {
        if !self.beginnings.contains(bytes.first_chunk::<2>()?) {
            return None;
        }
        let part = bytes.first_chunk::<PART>().filter(|part| self.parts.contains(*part)).map(|_| PART);
        part.or_else(|| self.short.iter().find(|form| bytes.starts_with(form.as_bytes())).map(String::len))
    }

    /// A text without the secrets in it. A start of one at the very end is
    /// hidden too: the text may have been cut off there.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut found = self.find(text.as_bytes());
        let start = self.starts.iter().filter(|start| text.ends_with(*start)).map(String::len).max();
        if let Some(start) = start.map(|length| text.len() - length)
            && found.last().is_none_or(|last| last.end <= start)
        {
            found.push(start..text.len());
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut hidden = String::with_capacity(text.len());
        let mut from = 0;
        for range in found {
            hidden.push_str(&String::from_utf8_lossy(&text.as_bytes()[from..range.start]));
            hidden.push_str(HIDDEN);
            from = range.end;
        }
        hidden.push_str(&String::from_utf8_lossy(&text.as_bytes()[from..]));
        Cow::Owned(hidden)
    }

    /// The same of a text that is given away.
    pub fn hidden(&self, text: String) -> String {
        match self.hide(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden,
        }
    }

    /// JSON without the secrets in any of its texts. A number is none.
    pub fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.hide(text) {
                    *text = hidden;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.hide_in(value)),
            Value::Object(values) => values.values_mut().for_each(|value| self.hide_in(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secret: &str, text: &str) -> String {
        Redaction::new([secret.to_owned()]).hide(text).into_owned()
    }

    #[test]
    fn a_secret_is_hidden_wherever_and_however_it_is_repeated() {
        for (said, shown) in [
            ("bad key s3cr3t\"x/y, sorry", "bad key [hidden], sorry"),
            ("bad key {\"key\":\"s3cr3t\\\"x/y\"}", "bad key {\"key\":\"[hidden]\"}"),
            ("GET /?key=s3cr3t%22x%2Fy HTTP", "GET /?key=[hidden] HTTP"),
            ("cut off: s3cr3", "cut off: [hidden]"),
            ("a part: 3cr3t\"x/ and more", "a part: [hidden] and more"),
            ("twice s3cr3t\"x/ys3cr3t\"x/y", "twice [hidden]"),
            ("no key: s3c", "no key: s3c"),
            ("é s3cr3t\"x/yé", "é [hidden]é"),
        ] {
            assert_eq!(hidden("s3cr3t\"x/y", said), shown);
        }
    }

    #[test]
    fn a_short_secret_is_hidden_as_a_whole() {
        assert_eq!(hidden("abc12", "x abc12 abc1y"), "x [hidden] abc1y");
        assert_eq!(hidden("", "nothing"), "nothing");
        assert_eq!(hidden("x", "an x is no secret"), "an x is no secret");
    }

    #[test]
    fn a_number_in_json_is_not_a_text() {
        let redaction = Redaction::new(["12345678901".to_owned()]);
        let mut value = serde_json::json!({ "at_ns": 12_345_678_901_u64, "said": ["12345678901"] });
        redaction.hide_in(&mut value);
        assert_eq!(value.to_string(), r#"{"at_ns":12345678901,"said":["[hidden]"]}"#);
    }

    #[test]
    fn what_a_scenario_says_itself_is_no_secret() {
        let redaction = Redaction::new(["llama3.1-s3cr3t".to_owned(), "ollama".to_owned()]);
        let sparing = redaction.sparing("model = \"llama3.1\" # by ollama");
        assert_eq!(sparing.hide("ollama: llama3.1, llama3.1-s3cr3t, llama3"), "ollama: llama3.1, l[hidden], llama3");
        assert!(Redaction::new(["ollama".to_owned()]).sparing("ollama").is_empty());
    }

    #[test]
    fn what_is_hidden_is_not_told_by_debug() {
        assert_eq!(format!("{:?}", Redaction::new(["s3cr3t-key".to_owned()])), "Redaction of 1 forms");
    }
}
