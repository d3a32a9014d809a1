use std::path::{Path, PathBuf};

use super::args::{Format, RunArguments};
use super::derive::{Derived, derive};
use super::exit::{DONE, Failure, NOTHING_VALID, SETUP, TEARDOWN, interrupted, print, say};
use super::progress;
use super::scenario::load;
use crate::clock::Clock;
use crate::host;
use crate::names::RunId;
use crate::plan::{self, Choices, Plan};
use crate::record::{Environment, Manifest, Outcome, Overrides, SCHEMA_VERSION, Simulation};
use crate::run::{self, Finished, Interrupt, Request, RunEvent, World};
use crate::scenario::{Bindings, Scenario, ServerOrigin};
use crate::sim::{self, Machine};
use crate::store::RunDirectory;

/// Loads, plans, runs and reports.
pub(super) fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let scenario = load(&arguments.scenario)?;
    let machine = arguments.simulate.as_deref().map(|name| sim::find(name, &machine_folders(&scenario))).transpose()?;
    let clock = Clock::start();
    let bindings = bindings(arguments, &scenario, clock)?;
    let choices = Choices { bindings: &bindings, seed: arguments.choices.seed, only: &arguments.choices.only };
    let plan = plan::expand(&scenario, &choices)?;
    let manifest = manifest(arguments, &plan, RunId::new(&bindings.run_id)?, machine.as_ref(), clock);
    if machine.is_none() {
        check_ports(&plan)?;
    }
    let world = machine.map_or(Ok(World::Host), |machine| World::simulated(machine, clock))?;
    let directory = RunDirectory::create(&arguments.results, &scenario.name, &manifest.run_id)?;
    directory.write_decisions(&scenario.frozen(), &plan)?;
    let finished = conduct(
        Request {
            plan: &plan,
            scenario_dir: &scenario.dir,
            directory: &directory,
            clock,
            world,
            manifest,
            interrupt: Interrupt::default(),
        },
        arguments.quiet,
    )?;
    conclude(arguments, &directory, &finished)
}

/// All that is known before the first look at the machine.
fn manifest(arguments: &RunArguments, plan: &Plan, run_id: RunId, machine: Option<&Machine>, clock: Clock) -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        run_id,
        scenario: plan.scenario.clone(),
        title: plan.title.clone(),
        runexp: env!("CARGO_PKG_VERSION").to_owned(),
        simulated: machine
            .map(|machine| Simulation { machine: machine.name().to_owned(), title: machine.title().to_owned() }),
        seed: plan.seed,
        plan_sha256: plan::digest(plan),
        overrides: Overrides {
            set: arguments.scenario.changes.set.clone(),
            profile: arguments.scenario.changes.profile.clone(),
            only: arguments.choices.only.clone(),
        },
        environment: Environment::default(),
        started: clock.started(),
        finished: None,
        outcome: Outcome::Running,
    }
}

/// `scenarios/machines/` of the scenario, then of the working directory.
fn machine_folders(scenario: &Scenario) -> Vec<PathBuf> {
    vec![scenario.dir.join("machines"), PathBuf::from("scenarios/machines")]
}

fn bindings(arguments: &RunArguments, scenario: &Scenario, clock: Clock) -> Result<Bindings, Failure> {
    let started = clock.started();
    let run_id = format!("{}-{:04x}", started.format("%Y%m%dT%H%M%SZ"), started.timestamp_subsec_micros() & 0xffff);
    let results = std::path::absolute(&arguments.results)
        .map_err(|source| Failure::Host { what: "find the results folder", source })?;
    let ports = host::free_ports(scenario.ports_needed())?;
    Ok(Bindings { run_dir: results.join(scenario.name.as_str()).join(&run_id), run_id, ports })
}

/// Every port that a server will listen on must be free before the first
/// effect; each is looked at again when its server starts.
fn check_ports(plan: &Plan) -> Result<(), Failure> {
    let servers = plan.epochs.iter().flat_map(|epoch| &epoch.servers);
    let mut ports = servers.filter_map(|server| match server.origin {
        ServerOrigin::Run { port, .. } | ServerOrigin::Compose { port, .. } => Some((server, port)),
        ServerOrigin::Url { .. } => None,
    });
    match ports.find(|(_, port)| !host::port_is_free(*port)) {
        Some((server, port)) => Err(Failure::PortTaken { server: server.label(), port }),
        None => Ok(()),
    }
}

fn conduct(request: Request<'_>, quiet: bool) -> Result<Finished, Failure> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|source| Failure::Host { what: "start the runtime", source })?;
    let watch = move |event: RunEvent| {
        if !quiet || matches!(event, RunEvent::NotUndone { .. } | RunEvent::Warning { .. }) {
            progress::tell(&event);
        }
    };
    runtime.block_on(async {
        listen(&request.interrupt).map_err(|source| Failure::Host { what: "listen for signals", source })?;
        Ok(run::execute(request, &watch).await?)
    })
}

/// The first signal ends the run in good order; later ones change nothing,
/// since the teardown is already under way.
fn listen(interrupt: &Interrupt) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals =
        [(SignalKind::interrupt(), "SIGINT"), (SignalKind::terminate(), "SIGTERM"), (SignalKind::hangup(), "SIGHUP")];
    for (kind, name) in signals {
        let mut stream = signal(kind)?;
        let interrupt = interrupt.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                say(format_args!("{name}: stopping, undoing everything"));
                interrupt.raise(name);
            }
        });
    }
    Ok(())
}

fn conclude(arguments: &RunArguments, directory: &RunDirectory, finished: &Finished) -> Result<u8, Failure> {
    if let Outcome::Failed { reason } = &finished.outcome {
        say(format_args!("error: {reason}"));
    }
    let derived = derive(directory.path(), &[]).inspect_err(|_| {
        // What was measured is whole, whatever became of its report.
        print(directory.path().display());
    })?;
    let code = code(finished, &derived);
    announce(arguments, directory.path(), finished, &derived, code)?;
    Ok(code)
}

fn code(finished: &Finished, derived: &Derived) -> u8 {
    match &finished.outcome {
        _ if !finished.not_undone.is_empty() => TEARDOWN,
        Outcome::Interrupted { signal } => interrupted(signal),
        Outcome::Failed { .. } | Outcome::Running => SETUP,
        Outcome::Completed if !derived.anything_valid() => NOTHING_VALID,
        Outcome::Completed => DONE,
    }
}

fn announce(
    arguments: &RunArguments,
    path: &Path,
    finished: &Finished,
    derived: &Derived,
    code: u8,
) -> Result<(), Failure> {
    if code == NOTHING_VALID {
        say("error: nothing valid was measured; the report says why for every cell");
    }
    if !arguments.quiet {
        say(format_args!("report: {}", derived.files.join(" ")));
    }
    match arguments.format {
        Format::Human => print(path.display()),
        Format::Json => print(serde_json::to_string(&serde_json::json!({
            "run_dir": path,
            "outcome": finished.outcome,
            "not_undone": finished.not_undone,
            "files": derived.files,
            "exit_code": code,
        }))?),
    }
    Ok(())
}
