use indexmap::IndexMap;

use crate::process::{SERVER_MARK, compose, group_members, is_same_and_alive, marked};
use crate::record::{Leftover, ProcessIdentity, Undo};
use crate::text::typed;

/// What does nothing, where nothing is left to be done.
const NOTHING: &str = "true # it has ended";

/// The command by which a person takes an effect back, whole enough to paste.
/// Nobody is told to kill a process that is another one by now.
pub fn by_hand(undo: &Undo) -> String {
    match undo {
        Undo::StopProcess { process, mark, .. } => kill_server(process.as_ref(), mark),
        Undo::EndProcesses { processes, .. } => kill_each(processes),
        Undo::Command { argv, env, dir, privileged, .. } => {
            let change = dir.as_ref().map(|dir| format!("cd {} && ", word(&dir.to_string_lossy()))).unwrap_or_default();
            format!("{change}{}{}", sudo(*privileged), with_env(env, argv))
        }
        Undo::ComposeDown { file, project, env, privileged } => {
            format!("{}{}", sudo(*privileged), with_env(env, &compose(project, file, &["down"])))
        }
        Undo::QuitMps { control, pipe_dir, privileged } => format!(
            "echo quit | {}env CUDA_MPS_PIPE_DIRECTORY={} {}",
            sudo(*privileged),
            word(&pipe_dir.to_string_lossy()),
            word(control)
        ),
        Undo::Request { method, url, json, .. } => {
            typed(&["curl", "-fsS", "-X", method, "-d", &json.to_string(), url].map(str::to_owned))
        }
        Undo::RemoveDir { path } => format!("rm -r -- {}", word(&path.to_string_lossy())),
    }
}

fn kill_server(process: Option<&ProcessIdentity>, mark: &str) -> String {
    let group = process.filter(|process| group_members(process).is_ok_and(|members| !members.is_empty()));
    if let Some(process) = group {
        return format!("kill -KILL -- -{}", process.pid);
    }
    let marked = marked(SERVER_MARK, mark).unwrap_or_default();
    kill(false, marked.iter().map(|process| process.pid))
}

fn kill_each(processes: &[Leftover]) -> String {
    let alive: Vec<&Leftover> = processes.iter().filter(|leftover| is_same_and_alive(&leftover.process)).collect();
    let own = rustix::process::geteuid().as_raw();
    let is_foreign = own != 0 && alive.iter().any(|leftover| leftover.user != own);
    kill(is_foreign, alive.iter().map(|leftover| leftover.process.pid))
}

fn kill(privileged: bool, pids: impl Iterator<Item = u32>) -> String {
    let pids: Vec<String> = pids.map(|pid| pid.to_string()).collect();
    if pids.is_empty() { NOTHING.to_owned() } else { format!("{}kill -KILL {}", sudo(privileged), pids.join(" ")) }
}

fn with_env(env: &IndexMap<String, String>, argv: &[String]) -> String {
    if env.is_empty() {
        return typed(argv);
    }
    let assignments = env.iter().map(|(name, value)| format!("{name}={value}"));
    let words: Vec<String> = std::iter::once("env".to_owned()).chain(assignments).chain(argv.iter().cloned()).collect();
    typed(&words)
}

fn word(text: &str) -> String {
    typed(&[text.to_owned()])
}

const fn sudo(privileged: bool) -> &'static str {
    if privileged { "sudo " } else { "" }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::record::Certainty;
    use crate::signal::StopSignal;

    #[test]
    fn every_undo_can_be_typed() {
        let env = IndexMap::from([("A".to_owned(), "b c".to_owned())]);
        let process = ProcessIdentity { pid: 77, start_ticks: 1, boot_id: "x".to_owned() };
        let dead = Leftover { process: process.clone(), user: 0, program: "sleep".to_owned() };
        let process = Some(process);
        let stop = |process| Undo::StopProcess {
            label: "s".to_owned(),
            process,
            mark: "nobody".to_owned(),
            signal: StopSignal::Term,
            grace_ms: 1,
        };
        let undos = [
            stop(process),
            stop(None),
            Undo::EndProcesses { processes: vec![dead], certainty: Certainty::Ours },
            Undo::Command {
                label: "c".to_owned(),
                argv: ["sysctl", "-w", "it's=1"].map(str::to_owned).to_vec(),
                env: env.clone(),
                dir: Some("/a b".into()),
                privileged: true,
            },
            Undo::ComposeDown { file: "/c.yml".into(), project: "p".to_owned(), env, privileged: true },
            Undo::QuitMps { control: "mps".to_owned(), pipe_dir: "/p".into(), privileged: true },
            Undo::Request {
                label: "m".to_owned(),
                method: "DELETE".to_owned(),
                url: "http://127.0.0.1:1/api/delete".to_owned(),
                json: serde_json::json!({"model": "it's"}),
            },
            Undo::RemoveDir { path: "/x y".into() },
        ];
        insta::assert_snapshot!(undos.map(|undo| by_hand(&undo)).join("\n"), @r#"
        true # it has ended
        true # it has ended
        true # it has ended
        cd '/a b' && sudo env 'A=b c' sysctl -w 'it'\''s=1'
        sudo env 'A=b c' docker compose -p p -f /c.yml down
        echo quit | sudo env CUDA_MPS_PIPE_DIRECTORY=/p mps
        curl -fsS -X DELETE -d '{"model":"it'\''s"}' http://127.0.0.1:1/api/delete
        rm -r -- '/x y'
        "#);
    }
}
