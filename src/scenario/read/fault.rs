//! `fault = { at = "10s", kill = "ollama[1]" }` of a phase.

use super::super::model::fault::{Fault, Processes};
use super::super::model::phase::Length;
use super::super::tables::{FaultKeys, PhaseKeys};
use super::declared::{Declared, Lives};
use super::request::find_server;
use super::server::Servers;
use crate::format::{Code, Finding, Keys, Node, Scope};
use crate::names::ServerName;
use crate::signal::StopSignal;

pub(super) fn read_fault(phase: &PhaseKeys<'_>, servers: Option<&Servers>, scope: &Scope<'_>) -> Option<Fault> {
    let fields = phase.fault.table()?;
    let keys = FaultKeys::of(&fields);
    let (at, kill) = (keys.at.required(), keys.kill.required());
    let signal = keys.signal.optional().unwrap_or(StopSignal::Kill);
    let processes = keys.processes.optional().unwrap_or_default();
    let (server, index) = read_target((&kill?, processes), keys.kill.raw()?, servers, scope)?;
    Some(Fault { at: at?, server, index, signal, processes })
}

/// `ollama[1]`: an instance that there is, and that is ours to kill.
fn read_target(
    (kill, processes): (&str, Processes),
    node: &Node,
    servers: Option<&Servers>,
    scope: &Scope<'_>,
) -> Option<(ServerName, u32)> {
    let complain = |code, message: String, help: &str| {
        scope.notes.push(Finding::new(code, node.span.clone(), message).help(help));
    };
    let parts = kill.strip_suffix(']').and_then(|rest| rest.split_once('['));
    let parsed = parts.and_then(|(name, index)| Some((name, index.parse::<u32>().ok()?)));
    let Some((name, index)) = parsed else {
        complain(Code::Value, format!("`{kill}` does not name a server instance"), "write it like \"ollama[1]\"");
        return None;
    };
    if let Some(servers) = servers {
        let Declared { count, lives } = find_server(name, node, servers, scope)?;
        if index >= count {
            let help = "instances count from 0; `when` can leave the phase out where there are fewer";
            complain(Code::UnknownReference, format!("there is no instance `{kill}` in every treatment"), help);
        }
        match (lives, processes) {
            (Lives::Elsewhere, _) => complain(
                Code::UnknownReference,
                format!("`{name}` is not started here"),
                "only `run` and `compose` servers can be killed",
            ),
            (Lives::AsService, Processes::Workers) => complain(
                Code::UnknownReference,
                format!("the processes of `{name}` are its container's"),
                "only of `run` servers the workers can be killed alone",
            ),
            (Lives::AsProcess, _) | (Lives::AsService, Processes::All) => {}
        }
    }
    Some((ServerName::new(name).ok()?, index))
}

pub(super) fn check_fault_in_time(phase: &PhaseKeys<'_>, fault: Option<&Fault>, length: Option<Length>) {
    let (Some(fault), Some(Length::Duration(duration))) = (fault, length) else { return };
    if fault.at >= duration {
        phase.fault.complain(Code::Bounds, format!("the fault at {} comes after the window of {duration}", fault.at));
    }
}
