use std::fmt::Write;
use std::path::Path;

use indexmap::IndexMap;

use super::super::Placement;
use super::super::command::{ServerCommand, compose};
use super::{comment, function};
use crate::scenario::{ServerOrigin, ServerSpec, curl_words, url_of};
use crate::signal::StopSignal;
use crate::text::typed;

/// One server of a treatment, as functions of a script.
pub(super) struct Functions<'a> {
    pub(super) server: &'a ServerSpec,
    pub(super) scope: &'a str,
    pub(super) number: u32,
    pub(super) placement: Placement<'a>,
}

impl Functions<'_> {
    /// How it is seen to be ready and how it is stopped.
    pub(super) fn write(&self, text: &mut String) {
        let name = self.name();
        let _ = writeln!(text, "\n# {}", comment(&self.server.label()));
        function(text, &format!("ready_{name}"), &[self.ready()]);
        if let Some(stop) = self.stop() {
            function(text, &format!("stop_{name}"), &[stop]);
        }
    }

    /// The lines that start it and wait until it is ready.
    pub(super) fn calls(&self) -> Vec<String> {
        let (name, label) = (self.name(), typed(&[self.server.label()]));
        let within = self.server.ready.within.duration().as_secs();
        let mut calls = self.start();
        calls.push(format!("await_server {label} {within} ready_{name} {}", self.pid()));
        if let Some(preload) = &self.server.preload {
            calls.push(format!(
                "# run lets it generate a little here, at most {}, so that its model is loaded.",
                preload.within
            ));
        }
        calls
    }

    fn name(&self) -> String {
        format!("{}_{}", self.scope, self.number)
    }

    /// Its pid, where it is a process of the script.
    fn pid(&self) -> String {
        match &self.server.origin {
            ServerOrigin::Run { .. } => format!("\"$pid_{}\"", self.name()),
            ServerOrigin::Compose { .. } | ServerOrigin::Url { .. } => "''".to_owned(),
        }
    }

    /// The undo is said before the effect.
    fn start(&self) -> Vec<String> {
        let Some(ServerCommand { server, argv, env, dir, port }) = ServerCommand::of(self.server, self.placement)
        else {
            return Vec::new();
        };
        let (name, label) = (self.name(), typed(&[server]));
        match &self.server.origin {
            ServerOrigin::Run { .. } => {
                let words = [environment(self.server.stop.signal, env), argv].concat();
                let dir = typed(&[dir.to_string_lossy()]);
                vec![
                    format!("pid_{name}=''"),
                    format!("undo_later stop_{name}"),
                    format!("start_server {name} {label} {port} {dir} {}", typed(&words)),
                ]
            }
            ServerOrigin::Compose { .. } | ServerOrigin::Url { .. } => vec![
                format!("demand_port {label} {port}"),
                format!("undo_later stop_{name}"),
                typed(&[assignments(env), argv].concat()),
            ],
        }
    }

    fn stop(&self) -> Option<String> {
        let seconds = self.server.stop.within.duration().as_secs();
        match &self.server.origin {
            ServerOrigin::Run { .. } => {
                let signal = name_of(self.server.stop.signal);
                Some(format!("stop_server {} {signal} {seconds}", self.pid()))
            }
            ServerOrigin::Compose { file, env, .. } => {
                Some(self.compose(file, env, &["down", "--timeout", &seconds.max(1).to_string()]))
            }
            ServerOrigin::Url { .. } => None,
        }
    }

    /// As `run` sees it: all that `ready` demands, or else a connection.
    fn ready(&self) -> String {
        let url = match &self.server.origin {
            ServerOrigin::Run { port, .. } | ServerOrigin::Compose { port, .. } => format!("http://127.0.0.1:{port}"),
            ServerOrigin::Url { url } => url.clone(),
        };
        let answers = self.server.ready.http.as_ref();
        let answers = answers.map(|path| format!("http_answers {}", typed(&curl_words(&url_of(&url, path)))));
        let line = self.server.ready.log.as_ref().map(|pattern| self.logged(pattern));
        match (answers, line) {
            (Some(answers), Some(line)) => format!("{answers} && {line}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => format!("tcp_answers {}", typed(&curl_words(&url))),
        }
    }

    /// A regular expression of Rust is closest to one of Perl.
    fn logged(&self, pattern: &str) -> String {
        let grep = format!("grep -qP -e {}", typed(&[pattern]));
        match &self.server.origin {
            ServerOrigin::Compose { file, service, env, .. } => {
                let logs = self.compose(file, env, &["logs", "--no-color", "--no-log-prefix", service]);
                format!("{logs} 2>&1 | {grep}")
            }
            ServerOrigin::Run { .. } | ServerOrigin::Url { .. } => format!("{grep} \"$log\""),
        }
    }

    fn compose(&self, file: &Path, env: &IndexMap<String, String>, arguments: &[&str]) -> String {
        typed(&[assignments(env), compose(self.server, file, self.placement, arguments)].concat())
    }
}

/// `env NAME=VALUE…`. A shell lets what it puts into the background ignore
/// SIGINT, so a server that is stopped by it must get its default back.
fn environment(signal: StopSignal, env: &IndexMap<String, String>) -> Vec<String> {
    match signal {
        StopSignal::Int => {
            let head = ["env", "--default-signal=INT"].map(str::to_owned);
            head.into_iter().chain(assignments(env).into_iter().skip(1)).collect()
        }
        StopSignal::Term | StopSignal::Kill => assignments(env),
    }
}

fn assignments(env: &IndexMap<String, String>) -> Vec<String> {
    if env.is_empty() {
        return Vec::new();
    }
    let assignments = env.iter().map(|(name, value)| format!("{name}={value}"));
    std::iter::once("env".to_owned()).chain(assignments).collect()
}

const fn name_of(signal: StopSignal) -> &'static str {
    match signal {
        StopSignal::Term => "TERM",
        StopSignal::Int => "INT",
        StopSignal::Kill => "KILL",
    }
}
