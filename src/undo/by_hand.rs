use crate::process::{compose, typed};
use crate::record::Undo;

/// The command by which a person takes an effect back, whole enough to paste.
pub fn by_hand(undo: &Undo) -> String {
    match undo {
        Undo::StopProcess { process: None, .. } => "true".to_owned(),
        Undo::StopProcess { process: Some(process), .. } => format!("kill -KILL -- -{}", process.pid),
        Undo::Command { argv, env, dir, privileged, .. } => {
            let assignments = env.iter().map(|(name, value)| format!("{name}={value}"));
            let env_argv: Vec<String> = std::iter::once("env".to_owned()).chain(assignments).collect();
            let prefix = if env.is_empty() { String::new() } else { format!("{} ", typed(&env_argv)) };
            let change = dir.as_ref().map(|dir| format!("cd {} && ", word(&dir.to_string_lossy()))).unwrap_or_default();
            format!("{change}{}{prefix}{}", sudo(*privileged), typed(argv))
        }
        Undo::ComposeDown { file, project, .. } => typed(&compose(project, file, &["down"])),
        Undo::QuitMps { control, pipe_dir, privileged } => format!(
            "echo quit | {}env CUDA_MPS_PIPE_DIRECTORY={} {}",
            sudo(*privileged),
            word(&pipe_dir.to_string_lossy()),
            word(control)
        ),
        Undo::RemoveDir { path } => format!("rm -r -- {}", word(&path.to_string_lossy())),
    }
}

fn word(text: &str) -> String {
    typed(&[text.to_owned()])
}

const fn sudo(privileged: bool) -> &'static str {
    if privileged { "sudo " } else { "" }
}
