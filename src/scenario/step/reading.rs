use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;

use super::super::files::referenced_file::{FileRole, Folder, ReferencedFile};
use super::super::read::check_argv;
use crate::format::{Code, Entry, Fields, Finding, Node, Scope, Value, decode};

/// What stands under a kind's key, rendered, while it is being read.
pub(in crate::scenario) struct Reading<'a> {
    pub(in crate::scenario) node: &'a Node,
    pub(in crate::scenario) scope: &'a Scope<'a>,
    /// The scenario's folder.
    pub(in crate::scenario) dir: &'a Folder<'a>,
}

impl Reading<'_> {
    /// A value that is no table fills the key `shorthand`.
    pub(super) fn decode<T: DeserializeOwned>(&self, shorthand: Option<&str>) -> Option<T> {
        let table = shorthand.filter(|_| self.node.as_table().is_none()).map(|key| under(key, self.node));
        decode(table.as_ref().unwrap_or(self.node), self.scope.notes)
    }

    /// Notes a command without a program.
    pub(super) fn check_command(&self, argv: &[String]) {
        check_argv(argv, self.node, self.scope.notes);
    }

    /// Whether exactly one of these keys is given; if not, that is noted.
    pub(super) fn has_exactly_one(&self, keys: &[&'static str]) -> bool {
        Fields::of(self.node, self.scope).is_some_and(|fields| fields.exactly_one(keys).is_some())
    }

    /// Notes a model without a name, and a server that no request can reach.
    pub(super) fn check_model(&self, model: &str, server: &str) {
        if model.is_empty() {
            self.refuse("`model` is empty", "write it like \"llama3.1:8b\"");
        }
        if !server.starts_with("http://") && !server.starts_with("https://") {
            self.refuse("`server` is not an HTTP address", "write it like \"http://127.0.0.1:11434\"");
        }
    }

    /// Notes a value that its type cannot refuse.
    pub(super) fn refuse(&self, message: impl Into<String>, help: &str) {
        self.scope.notes.push(Finding::new(Code::Bounds, self.node.span.clone(), message).help(help));
    }

    /// Makes a path start in the scenario's folder.
    pub(super) fn settle_path(&self, path: &mut PathBuf) {
        *path = self.dir.join(&*path);
    }

    /// A Compose file, which must be there before anything runs.
    pub(super) fn want_compose_file(&self, path: &Path) {
        let file = ReferencedFile { path: path.to_owned(), span: self.node.span.clone(), role: FileRole::Compose };
        self.dir.refer_to(file);
    }
}

fn under(key: &str, node: &Node) -> Node {
    let entry = Entry { key: node.span.clone(), node: node.clone() };
    Node::new(Value::Table(IndexMap::from([(key.to_owned(), entry)])), node.span.clone())
}
