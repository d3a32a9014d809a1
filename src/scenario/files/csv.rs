//! Comma-separated values (RFC 4180), and those separated by semicolons or tabs.

/// One row, and the line of the file that it begins in, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Row {
    pub(in crate::scenario) line: usize,
    pub(in crate::scenario) fields: Vec<String>,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct BadLine {
    /// From 1.
    pub(in crate::scenario) line: usize,
    /// From 1, where it is known.
    pub(in crate::scenario) column: Option<usize>,
    pub(in crate::scenario) reason: String,
}

impl BadLine {
    pub(in crate::scenario) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, column: None, reason: reason.into() }
    }
}

/// What separates the fields of a heading: what it has most of, a comma if
/// nothing.
pub(in crate::scenario) fn separator(heading: &str) -> char {
    let count = |separator: &char| heading.matches(*separator).count();
    // Of equals the last is taken.
    ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',')
}

/// Every row that is not blank.
///
/// A field in quotes may hold anything, line ends too; a quote in it is written
/// twice. What follows such a field other than a separator is an error, and so
/// is a quote that is never closed: nothing of it is taken for another field.
pub(in crate::scenario) fn rows(text: &str, separator: char) -> Result<Vec<Row>, BadLine> {
    let mut reader = Reader { rest: text, line: 1, separator };
    let mut rows = Vec::new();
    while !reader.rest.is_empty() {
        let row = reader.row()?;
        if row.fields.iter().any(|field| !field.trim().is_empty()) || row.fields.len() > 1 {
            rows.push(row);
        }
    }
    Ok(rows)
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    separator: char,
}

/// What a field ends with.
#[derive(PartialEq, Eq)]
enum End {
    Separator,
    Row,
}

impl Reader<'_> {
    fn row(&mut self) -> Result<Row, BadLine> {
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let field = if let Some(rest) = self.rest.strip_prefix('"') {
                self.rest = rest;
                self.quoted()?
            } else {
                let end = self.rest.find(['\n', self.separator]).unwrap_or(self.rest.len());
                self.take(end).trim_end_matches('\r').to_owned()
            };
            fields.push(field);
            if self.end()? == End::Row {
                return Ok(Row { line, fields });
            }
        }
    }

    /// The text before this place, which is behind us then.
    fn take(&mut self, end: usize) -> &str {
        let (before, rest) = self.rest.split_at(end);
        self.rest = rest;
        before
    }

    /// After the quote that opens it, to the one that closes it.
    fn quoted(&mut self) -> Result<String, BadLine> {
        let opened = self.line;
        let mut text = String::new();
        loop {
            let Some(quote) = self.rest.find('"') else {
                return Err(BadLine::new(opened, "a field begins with a quote that is never closed"));
            };
            let before = self.take(quote).to_owned();
            self.line += before.matches('\n').count();
            text.push_str(&before);
            self.take(1);
            if !self.rest.starts_with('"') {
                return Ok(text);
            }
            self.take(1);
            text.push('"');
        }
    }

    fn end(&mut self) -> Result<End, BadLine> {
        self.rest = self.rest.strip_prefix('\r').filter(|rest| rest.starts_with('\n')).unwrap_or(self.rest);
        let mut rest = self.rest.chars();
        match rest.next() {
            None => Ok(End::Row),
            Some('\n') => {
                self.line += 1;
                self.rest = rest.as_str();
                Ok(End::Row)
            }
            Some(next) if next == self.separator => {
                self.rest = rest.as_str();
                Ok(End::Separator)
            }
            Some(next) => Err(BadLine::new(self.line, format!("`{next}` follows a field in quotes"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{rows, separator};

    fn read(text: &str) -> String {
        match rows(text, separator(text.lines().next().unwrap_or_default())) {
            Ok(rows) => rows.iter().map(|row| format!("{}{:?}", row.line, row.fields)).collect::<Vec<_>>().join(" "),
            Err(bad) => format!("{}: {}", bad.line, bad.reason),
        }
    }

    #[test]
    fn rows_are_read_with_quotes_and_line_ends() {
        insta::assert_snapshot!(
            [
                "id,prompt\r\n1,\"a, \"\"b\"\"\nc\"\r\n\r\n2,d",
                "a;b\n\"x;y\";\n",
                "a\tb\n1\t\"\t\"\n",
                "one\n \n,\n",
                "",
                "\"\"",
            ]
            .map(read)
            .join("\n"),
            @r#"
        1["id", "prompt"] 2["1", "a, \"b\"\nc"] 5["2", "d"]
        1["a", "b"] 2["x;y", ""]
        1["a", "b"] 2["1", "\t"]
        1["one"] 3["", ""]
        "#
        );
    }

    #[test]
    fn quotes_that_do_not_close_or_that_something_follows_are_errors() {
        insta::assert_snapshot!(["a,b\n1,\"2\n3,4\n", "a\n\"b\"c\n", "\"\n"].map(read).join("\n"), @r"
        2: a field begins with a quote that is never closed
        2: `c` follows a field in quotes
        1: a field begins with a quote that is never closed
        ");
    }
}
