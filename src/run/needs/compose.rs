//! Whether Docker answers, and takes the Compose files of steps and servers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::course::{Before, Course};
use super::lack::PUBLISH;
use super::ports::taken;
use super::{Lack, Missing, server_name, step_name};
use crate::names::compose_project;
use crate::process::{self, Command, CommandError, DOCKER_QUESTIONS, Limit, Tail, absolute, find_program};
use crate::run::runner::Runner;
use crate::scenario::{CommandStep, OnError, ServerOrigin, ServerSpec, StepKind, StepSpec};
use crate::server::{ComposeFile, Publication};
use crate::step::commands;
use crate::text::with_causes;
use crate::units::Period;

/// A daemon that is alive answers within milliseconds.
const WITHIN: Period = Period::from_secs(10);

/// Services that come up together.
struct Services<'p> {
    file: PathBuf,
    names: Vec<&'p str>,
    project: String,
    env: IndexMap<String, String>,
    privileged: bool,
    needed_by: String,
    before: &'p Before<'p>,
    server: Option<&'p ServerSpec>,
}

/// What was asked already: many treatments have the same services.
#[derive(Default)]
struct Asked {
    docker: Vec<(Vec<String>, bool)>,
    files: Vec<AskedFile>,
}

struct AskedFile {
    argv: Vec<String>,
    env: IndexMap<String, String>,
    told: Option<ComposeFile>,
}

impl Runner<'_> {
    pub(super) async fn require_compose(&self, course: &Course<'_>, missing: &mut Missing) {
        let mut asked = Asked::default();
        for (place, step, before) in &course.steps {
            if let Some(services) = self.services_of_step(place, step, before) {
                self.require_services(&services, &mut asked, missing).await;
            }
        }
        for (epoch, before) in &course.epochs {
            let mut owners = Owners::default();
            for server in &epoch.servers {
                let Some(services) = self.services_of_server(server, before) else { continue };
                if let Some(file) = self.require_services(&services, &mut asked, missing).await {
                    owners.require(&services, &file, missing);
                }
            }
        }
    }

    fn services_of_step<'p>(&self, place: &str, step: &'p StepSpec, before: &'p Before<'p>) -> Option<Services<'p>> {
        let StepKind::Command(CommandStep::Compose(compose)) = &step.kind else { return None };
        (step.on_error == OnError::Fail).then(|| Services {
            file: absolute(&self.context.scenario_dir.join(&compose.file)),
            names: compose.services.iter().map(String::as_str).collect(),
            project: compose_project(self.context.run_id, &compose.file.to_string_lossy()),
            env: compose.env.clone(),
            privileged: step.privileged,
            needed_by: step_name(place, step),
            before,
            server: None,
        })
    }

    fn services_of_server<'p>(&self, server: &'p ServerSpec, before: &'p Before<'p>) -> Option<Services<'p>> {
        let ServerOrigin::Compose { file, service, env, .. } = &server.origin else { return None };
        let mut all = self.environment_of(before);
        all.extend(env.clone());
        Some(Services {
            file: absolute(&self.context.scenario_dir.join(file)),
            names: vec![service],
            project: compose_project(self.context.run_id, &server.label()),
            env: all,
            privileged: false,
            needed_by: server_name(server),
            before,
            server: Some(server),
        })
    }

    /// What steps before put into every server's environment: where MPS listens.
    fn environment_of(&self, before: &Before<'_>) -> IndexMap<String, String> {
        let log = self.context.directory.log(0, "needs");
        let world = &self.context.world;
        let gpus = || world.gpus();
        let context = self.context.step_context(&log, &gpus, &self.stop);
        let mps = before.iter().filter(|step| matches!(step.kind, StepKind::Gpu(_)));
        mps.filter_map(|step| commands(step, &context).into_iter().next()).flat_map(|command| command.env).collect()
    }

    /// What Compose makes of the file, if it takes it and tells.
    async fn require_services(
        &self,
        services: &Services<'_>,
        asked: &mut Asked,
        missing: &mut Missing,
    ) -> Option<ComposeFile> {
        let dir = self.context.scenario_dir;
        // Without the program, the lack of that is told.
        find_program("docker", &services.env, dir).ok()?;
        let docker: Vec<String> = services.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let docker = (docker.into_iter().filter(|pair| pair.starts_with("DOCKER_")).collect(), services.privileged);
        if !asked.docker.contains(&docker) {
            asked.docker.push(docker);
            missing.add(self.docker_lacks(services).await, &services.needed_by);
        }
        let question = [&["config", "--format", "json"][..], &services.names].concat();
        let argv = process::compose(&services.project, &services.file, &question);
        if let Some(known) = asked.files.iter().find(|known| known.argv == argv && known.env == services.env) {
            return known.told.clone();
        }
        let (told, refused) = match self.ask(services, &argv).await {
            Ok(output) => (ComposeFile::parse(&output), None),
            Err(error) => (None, self.refused_file(services, &error)),
        };
        missing.add(refused, &services.needed_by);
        if let Some(file) = &told {
            missing.add(taken_by_others(services, file), &services.needed_by);
            missing.add(self.names_in_use(services, file).await, &services.needed_by);
        }
        asked.files.push(AskedFile { argv, env: services.env.clone(), told: told.clone() });
        told
    }

    /// Containers of somebody else that are called as the file calls its own.
    async fn names_in_use(&self, services: &Services<'_>, file: &ComposeFile) -> Vec<Lack> {
        let mut lacks = Vec::new();
        for name in file.container_names(&services.names) {
            let inspect = ["docker", "container", "inspect", "--format", "{{.Id}}", &name].map(str::to_owned);
            let found = self.ask(services, &inspect).await.unwrap_or_default();
            if !process::container_ids(&found).is_empty() && !services.before.names(&[&name]) {
                lacks.push(Lack::ContainerName { name });
            }
        }
        lacks
    }

    /// What Docker lacks, unless a step may start or install it.
    async fn docker_lacks(&self, services: &Services<'_>) -> Vec<Lack> {
        if services.before.names(&["docker"]) {
            return Vec::new();
        }
        let start = "start it (`sudo systemctl start docker`); if it runs, let this user ask it: join the group \
                     `docker` and log in anew, or write `privileged = true` where a step has it";
        let install = "install Docker's Compose plugin: https://docs.docker.com/compose/install/linux/";
        let mut lacks = Vec::new();
        for (question, help) in DOCKER_QUESTIONS.into_iter().zip([start, install]) {
            let argv: Vec<String> = question.iter().map(|&word| word.to_owned()).collect();
            if let Err(error) = self.ask(services, &argv).await {
                lacks.push(Lack::Docker { reason: with_causes(&error), help });
            }
        }
        lacks
    }

    async fn ask(&self, services: &Services<'_>, argv: &[String]) -> Result<String, CommandError> {
        let log = self.context.directory.log(0, "needs");
        let (env, dir) = (&services.env, Some(self.context.scenario_dir));
        let limit = Limit::from_now(WITHIN);
        let privileged = services.privileged;
        Command { argv, env, dir, privileged, input: None, limit, log: &log }.run(&self.stop).await
    }

    /// Why Compose does not take a file, unless a step may make what it misses,
    /// or it is Compose itself that is missing.
    fn refused_file(&self, services: &Services<'_>, error: &CommandError) -> Option<Lack> {
        let CommandError::Status { tail: Tail(lines), .. } = error else { return None };
        let told = lines.iter().filter(|line| !line.contains("level=warning"));
        let reason = told.map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let is_compose = !reason.contains("unknown command") && !reason.contains("is not a docker command");
        let words: Vec<&str> = reason.split([' ', '`', '"', '\'', ':']).filter_map(file_name).collect();
        (is_compose && !services.before.names(&words))
            .then(|| Lack::ComposeFile { file: relative(&services.file, self.context.scenario_dir), reason })
    }
}

fn relative(file: &Path, dir: &Path) -> PathBuf {
    file.strip_prefix(absolute(dir)).unwrap_or(file).to_owned()
}

/// The last part of what looks like a path.
fn file_name(word: &str) -> Option<&str> {
    word.contains('/').then(|| word.rsplit('/').next()).flatten().filter(|name| !name.is_empty())
}

/// Ports that the file fixes, and on which somebody listens; or none at which
/// the server could be met.
fn taken_by_others(services: &Services<'_>, file: &ComposeFile) -> Vec<Lack> {
    let ports = file.fixed_ports(&services.names);
    let mut lacks: Vec<Lack> = ports.iter().filter_map(|port| taken(*port, services.before)).collect();
    let Some(ServerSpec { api, origin: ServerOrigin::Compose { service, port, .. }, .. }) = services.server else {
        return lacks;
    };
    match file.publication(service, *port, *api) {
        Publication::Nowhere => lacks.push(Lack::Publication { service: service.clone(), several: Vec::new() }),
        Publication::Several { ports } => {
            lacks.push(Lack::Publication { service: service.clone(), several: ports });
        }
        // The scenario's word is all there is.
        Publication::Unknown => lacks.extend(taken(*port, services.before)),
        Publication::At { .. } | Publication::Chosen { .. } => {}
    }
    lacks
}

/// Who of the servers that are up together has which port and which name.
#[derive(Default)]
struct Owners(BTreeMap<String, String>);

impl Owners {
    fn require(&mut self, services: &Services<'_>, file: &ComposeFile, missing: &mut Missing) {
        let name_help = "leave `container_name` out of the file: a host has each name only once";
        let ports = file.fixed_ports(&services.names).into_iter().map(|port| (format!("port {port}"), PUBLISH));
        let names = file.container_names(&services.names).into_iter();
        let names = names.map(|name| (format!("the container's name `{name}`"), name_help));
        for (what, help) in ports.chain(names).collect::<BTreeSet<_>>() {
            match self.0.get(&what) {
                Some(other) => {
                    missing.add([Lack::Own { what, other: other.clone(), help }], &services.needed_by);
                }
                None => drop(self.0.insert(what, services.needed_by.clone())),
            }
        }
    }
}
