//! What a run may do: asked before the first effect, whoever runs it.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use super::folder::{Folder, Said};
use super::real;
use super::undisturbed::undisturbed;

/// `nobody`, as far as tests go.
const SOMEBODY: u32 = 65534;

const STEPS: &str = r#"
[[setup]]
name = "own"
shell = { script = "echo on > own", undo = "rm own" }

[[setup]]
name = "knob"
privileged = true
run = { argv = ["touch", "knob"], undo = ["rm", "knob"] }

[[setup]]
name = "optional"
privileged = true
on_error = "warn"
run = ["modprobe", "nothing"]

[[epoch.setup]]
name = "mps"
privileged = true
mps = { action = "start", control = "mps-ctl" }

[[teardown]]
name = "last"
privileged = true
run = { argv = ["touch", "last"], env = { A = "b" } }
"#;

/// A scenario with these steps, and a `sudo` of ours.
fn folder(steps: &str) -> Folder {
    let folder = real::folder("good");
    folder.write("x.toml", &(real::scenario("good") + steps));
    std::fs::create_dir(folder.path("bin")).unwrap();
    let sudo = folder.path("bin/sudo");
    // Written by a child: no descriptor of ours may be open for writing when
    // another test's child is forked.
    let script = r#"printf %s "$1" > "$2" && chmod 755 "$2""#;
    let text = include_str!("shims/sudo");
    assert!(Command::new("sh").args(["-c", script, "sh", text]).arg(&sudo).status().unwrap().success());
    folder
}

/// Runs it as somebody who is not root.
fn runexp(folder: &Folder, may: &str, asks: &str) -> Said {
    let command = folder.command("x.toml --quiet");
    let mut somebody = Command::new(command.get_program());
    if rustix::process::geteuid().is_root() {
        give_to_somebody(&folder.path(""));
        somebody = Command::new("setpriv");
        somebody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(command.get_program());
    }
    somebody.args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    somebody.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let path = format!("{}:{}", folder.path("bin").display(), std::env::var("PATH").unwrap());
    somebody.env("PATH", path).env("MAY", may).env("ASKS", asks);
    Said::of(folder, &somebody.output().unwrap())
}

fn give_to_somebody(path: &Path) {
    chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        give_to_somebody(&entry.path());
    }
}

#[test]
fn a_run_without_the_rights_of_all_its_steps_is_refused_before_the_first_effect() {
    let folder = folder(&(STEPS.to_owned() + "\n[[teardown]]\ndrop_caches = { level = \"pagecache\" }\n"));
    assert_snapshot!(runexp(&folder, "touch", ""), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: nothing has been changed, because this user may not do all that would have to be done:
      step `knob` (setup): `sudo -n -l -- rm knob` ended with exit status: 1; the last lines of its log:
        sudo: you may not run rm on this host
      step `mps` (default): `sudo -n -l -- env CUDA_MPS_PIPE_DIRECTORY=FOLDER/results/real/RUN-ID/mps CUDA_MPS_LOG_DIRECTORY=FOLDER/results/real/RUN-ID/mps-log mps-ctl -d` ended with exit status: 1; the last lines of its log:
        sudo: you may not run env on this host
      step `last` (teardown): `sudo -n -l -- env A=b touch last` ended with exit status: 1; the last lines of its log:
        sudo: you may not run env on this host
      step `drop_caches` (teardown) needs root
      help: run `sudo -v` on this terminal before, or allow these commands in sudoers(5) with `NOPASSWD`
      help: set `privileged = true` on such a step, or run `runexp` as root
    ");
    assert!(["own", "knob", "last"].iter().all(|effect| !folder.path(effect).exists()));
}

#[test]
fn rules_that_allow_everything_do_not_help_where_a_password_would_be_asked_for() {
    let steps = STEPS.split("[[epoch.setup]]").next().unwrap();
    let folder = folder(steps);
    assert_snapshot!(runexp(&folder, "touch rm env", "yes"), @r"
    exit 3

    stdout:
    FOLDER/results/real/RUN-ID

    stderr:
    error: nothing has been changed, because this user may not do all that would have to be done:
      step `knob` (setup): `sudo -n -v` ended with exit status: 1; the last lines of its log:
        sudo: a password is required
      help: run `sudo -v` on this terminal before, or allow these commands in sudoers(5) with `NOPASSWD`
    ");
    assert!(!folder.path("own").exists());
}

#[test]
fn a_run_with_all_rights_asks_for_each_command_once_and_again_before_what_is_to_be_undone() {
    let steps = STEPS.replace("mps = { action = \"start\", control = \"mps-ctl\" }", "run = [\"touch\", \"knob\"]");
    let (folder, said) = undisturbed(0, || {
        let folder = folder(&steps);
        let said = runexp(&folder, "touch rm env", "");
        (folder, said)
    });
    assert_eq!(said.code, Some(0), "{said}");
    assert_snapshot!(folder.read("sudo.log"), @r"
    -n -l -- touch knob
    -n -v
    -n -l -- rm knob
    -n -v
    -n -l -- env A=b touch last
    -n -v
    -n -l -- touch knob
    -n -v
    -n touch knob
    -n modprobe nothing
    -n touch knob
    -n env A=b touch last
    -n rm knob
    ");
    assert!(folder.path("last").exists() && !folder.path("knob").exists());
}

/// As root, of this host or of a namespace, after a script in the folder.
fn as_root(folder: &Folder, script: &str, words: &str) -> Said {
    let command = folder.command(words);
    let mut root = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        root.arg("--map-root-user");
    }
    root.args(["--mount", "sh", "-c", &format!("{script} && exec \"$@\""), "sh"]);
    root.arg(command.get_program()).args(command.get_args()).env_remove("SUDO_UID");
    root.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Said::of(folder, &root.current_dir(command.get_current_dir().unwrap()).output().unwrap())
}

#[test]
fn root_refuses_a_scenario_or_an_include_that_others_may_write() {
    let folder = real::folder("good");
    std::fs::create_dir(folder.path("parts")).unwrap();
    folder.write("parts/part.toml", "[vars]\nwindow = \"100ms\"\n");
    folder.write("x.toml", &real::scenario("good").replace("[vars]", "include = [\"parts/part.toml\"]\n[vars]"));
    let refused =
        ["chmod 666 x.toml", "chmod 644 x.toml && chmod 777 parts", "chmod 755 parts && chmod 666 parts/part.toml"]
            .map(|script| as_root(&folder, script, "x.toml").to_string());
    assert_snapshot!(refused.join("\n"), @r"
    exit 3

    stdout:

    stderr:
    error: root would rely on `FOLDER/x.toml`, which others may change (owner 0, mode 666)
    help: chmod go-w FOLDER/x.toml

    exit 3

    stdout:

    stderr:
    error: root would rely on `FOLDER/parts`, which others may change (owner 0, mode 777)
    help: chmod go-w FOLDER/parts

    exit 3

    stdout:

    stderr:
    error: root would rely on `FOLDER/parts/part.toml`, which others may change (owner 0, mode 666)
    help: chmod go-w FOLDER/parts/part.toml
    ");
    assert!(!folder.path("results").exists());
    for words in ["check x.toml", "plan x.toml", "x.toml --quiet --simulate dgx-spark"] {
        let said = as_root(&folder, "true", words);
        assert_eq!(said.code, Some(0), "{said}");
    }
}

#[test]
fn root_runs_the_scenario_of_who_has_called_sudo_and_of_nobody_else() {
    let folder = real::folder("good");
    // Only root can give a file away.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let own = ["", "x.toml"].map(|name| folder.path(name));
    for path in own {
        chown(path, Some(SOMEBODY), None).unwrap();
    }
    assert_snapshot!(as_root(&folder, "true", "x.toml --quiet"), @r"
    exit 3

    stdout:

    stderr:
    error: root would rely on `FOLDER`, which belongs to user 65534
    help: chown root FOLDER, move it to where root owns every folder, or, if that user may do what root may, say so: SUDO_UID=65534, as `sudo` does
    ");
    let ((), said) = undisturbed(0, || ((), as_root(&folder, "export SUDO_UID=65534", "x.toml --quiet")));
    assert_eq!(said.code, Some(0), "{said}");
}
