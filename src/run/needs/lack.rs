use std::fmt;
use std::path::PathBuf;

use crate::process::NoProgram;
use crate::trust::Distrust;

/// So many of the names that there are instead are told.
const MOST_TOLD: usize = 12;
const LONGEST_NAME: usize = 80;

/// Something that a run needs and that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::run) enum Lack {
    /// A program.
    Program {
        /// As it is called.
        program: String,
        /// Why it would not be started.
        why: NoProgram,
    },
    /// A folder in which a program is started.
    Folder {
        /// Which.
        dir: PathBuf,
    },
    /// A model in the folder of an Ollama that the run starts.
    Model {
        /// Its name.
        model: String,
        /// Where that Ollama keeps its models.
        store: PathBuf,
        /// The models that are there.
        there: Vec<String>,
    },
    /// A model on a server that is already there.
    ModelAt {
        /// Its name.
        model: String,
        /// The server, fit to be shown.
        url: String,
        /// How such a server gets a model.
        help: String,
        /// The models that are there.
        there: Vec<String>,
    },
    /// A server that is meant to be there already.
    Server {
        /// Why it does not answer.
        reason: String,
    },
    /// A port on which somebody listens already.
    Port {
        /// Which.
        port: u16,
        /// Who, if that can be told: `ollama`, pid.
        holder: Option<(String, u32)>,
    },
    /// Docker, or its Compose plugin.
    Docker {
        /// What it says.
        reason: String,
        /// What a person can do.
        help: &'static str,
    },
    /// A Compose file that Compose does not take.
    ComposeFile {
        /// Which.
        file: PathBuf,
        /// What it says.
        reason: String,
    },
    /// A port at which clients meet a service.
    Publication {
        /// The service.
        service: String,
        /// The ports that it publishes, if it is none of them.
        several: Vec<String>,
    },
    /// A port or a container's name of its own: the file fixes it, and another
    /// has it already.
    Own {
        /// `port 11434`.
        what: String,
        /// Who has it.
        other: String,
        /// What a person can do.
        help: &'static str,
    },
    /// That nobody else could change what root would run.
    Trust {
        /// Why somebody could.
        doubt: Distrust,
    },
    /// A container's name that is in use.
    ContainerName {
        /// Which.
        name: String,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { program: _, why } => write!(out, "{why}"),
            Self::Trust { doubt } => write!(out, "{doubt}"),
            Self::Folder { dir } => write!(out, "there is no folder `{}`", dir.display()),
            Self::Model { model, store, there } => {
                write!(out, "the model {model:?} is not in `{}`, where there {}", store.display(), told(there))
            }
            Self::ModelAt { model, url, there, .. } => {
                write!(out, "`{url}` does not have the model {model:?}: there {}", told(there))
            }
            Self::Port { port, holder: Some((program, pid)) } => {
                let program = program.escape_debug();
                write!(out, "port {port} is taken: `{program}` (pid {pid}) listens there")
            }
            Self::Port { port, holder: None } => write!(out, "port {port} is taken: somebody listens there"),
            Self::Server { reason } | Self::Docker { reason, .. } => out.write_str(reason),
            Self::ComposeFile { file, reason } => write!(out, "Compose does not take `{}`: {reason}", file.display()),
            Self::Publication { service, several } if several.is_empty() => {
                write!(out, "the service `{service}` publishes no port at which it could be met")
            }
            Self::Publication { service, several } => {
                write!(
                    out,
                    "the service `{service}` publishes several ports, {}: which is its own?",
                    several.join(", ")
                )
            }
            Self::Own { what, other, .. } => write!(out, "its Compose file fixes {what}, and {other} has it already"),
            Self::ContainerName { name } => write!(out, "there is a container called `{name}` already"),
        }
    }
}

/// The names that a machine gives, as far as anybody would read them.
fn told(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MOST_TOLD)
        .map(|name| name.chars().take(LONGEST_NAME).collect::<String>().escape_debug().to_string())
        .collect();
    match (names.len(), names.len() - shown.len()) {
        (0, _) => "is none".to_owned(),
        (1, _) => format!("is {}", shown.concat()),
        (_, 0) => format!("are {}", shown.join(", ")),
        (_, more) => format!("are {} and {more} more", shown.join(", ")),
    }
}

impl Lack {
    /// What a person can do.
    pub(super) fn help(&self) -> String {
        match self {
            Self::Program { program, .. } => program_help(program),
            Self::Folder { .. } => {
                "make it, or name it in the step that does: a comment in its script will do".to_owned()
            }
            Self::Model { model, .. } => format!(
                "ollama pull {model}  (by an `ollama serve` that keeps its models in that folder; if they are kept \
                 elsewhere, let `env` of the server name that folder as OLLAMA_MODELS)"
            ),
            Self::ModelAt { help, .. } => help.clone(),
            Self::Trust { doubt } => doubt.help(),
            Self::Server { .. } => {
                "start it before the run, or let a step start it, or wait for it by a step `wait`".to_owned()
            }
            Self::Port { port, .. } => format!(
                "to measure what listens there, as it is: `url = \"http://127.0.0.1:{port}\"` instead of `run` or \
                 `compose`; else stop it, or leave `port` out and a free one is taken"
            ),
            Self::Docker { help, .. } | Self::Own { help, .. } => (*help).to_owned(),
            Self::ComposeFile { .. } => {
                "`docker compose -f FILE config` must succeed; if a step makes what is missing, name it in that step: \
                 a comment in its script will do"
                    .to_owned()
            }
            Self::Publication { several, .. } if several.is_empty() => PUBLISH.to_owned(),
            Self::Publication { .. } => "give the server the one that clients shall use as its `port`".to_owned(),
            Self::ContainerName { name } => format!(
                "remove it (`docker rm -f {name}`), measure it as it is by `url`, or leave `container_name` out of the \
                 file"
            ),
        }
    }
}

/// How a service is met at a port that the run chooses.
pub(super) const PUBLISH: &str = "write `ports: [\"127.0.0.1:${PORT}:11434\"]` in the file, for 11434 the port that it \
                                  listens on inside, and `env = { PORT = \"{{ port }}\" }` in the scenario";

fn program_help(program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "ollama" => {
            "install Ollama (https://ollama.com/download), write the program's whole path, or measure one that \
                     already runs by `url`"
                .to_owned()
        }
        "docker" => "install Docker and its Compose plugin: https://docs.docker.com/engine/install/".to_owned(),
        name if name.starts_with("nvidia-cuda-mps") => {
            "install the NVIDIA driver's compute utilities, which bring it, or set `control` to its path".to_owned()
        }
        "nvidia-smi" => "install the NVIDIA driver's compute utilities, which bring it".to_owned(),
        _ => "install it or write its whole path; if a step brings it, name it in that step: a comment in its script \
              will do"
            .to_owned(),
    }
}
