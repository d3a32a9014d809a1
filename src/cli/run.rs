use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::process;

use super::args::RunArguments;
use super::derive::derive;
use super::doctor::CERTIFICATE;
use super::ended::{conclude, left};
use super::exit::{DONE, Failure, print, say};
use super::progress;
use super::results_folder::{self, Changes};
use super::resume::Earlier;
use super::scenario::load;
use super::secrets;
use super::signals;
use crate::clock::Clock;
use crate::host;
use crate::journal::StateFolder;
use crate::loopback::Certificate;
use crate::names::{NameError, RunId};
use crate::plan::{self, Choices, Plan, PlanError};
use crate::record::{Envelope, Environment, Manifest, Outcome, Overrides, SCHEMA_VERSION, Simulation};
use crate::run::{self, Aftermath, Finished, Guard, Interrupt, Obstacle, Request, RunEvent, Secrets, World};
use crate::scenario::{Bindings, Scenario};
use crate::sim::{self, Machine};
use crate::trust;
use crate::warden;

/// What a scenario comes to.
pub(super) type Planned = fn(&Scenario, &Choices<'_>) -> Result<Plan, PlanError>;

/// Loads, plans, runs and reports.
pub(super) fn run(arguments: &RunArguments, planned: Planned) -> Result<u8, Failure> {
    let scenario = load(&arguments.scenario)?;
    let machine = arguments.simulate.as_deref().map(|name| sim::find(name, &machine_folders(&scenario))).transpose()?;
    let earlier = arguments.resume.as_ref().map(|run| Earlier::find(run, &arguments.results)).transpose()?;
    let clock = earlier.as_ref().map_or_else(Clock::start, Earlier::clock);
    let run_id = run_id(arguments, earlier.as_ref(), clock)?;
    let bindings = bindings(arguments, &scenario, &run_id, earlier.as_ref())?;
    let choices = Choices { bindings: &bindings, seed: arguments.choices.seed, only: &arguments.choices.only };
    let plan = planned(&scenario, &choices)?;
    let resumption = match earlier.as_ref().map(|earlier| earlier.goes_on(&scenario, &plan)).transpose() {
        Err(Failure::Resume(done @ Obstacle::Done { .. })) => return nothing_to_do(&bindings.run_dir, &done),
        resumption => resumption?,
    };
    if machine.is_some() {
        plan.equivalent_when_simulated().iter().for_each(|sentence| say(format_args!("warning: {sentence}")));
    }
    let manifest = manifest(arguments, &plan, run_id.clone(), machine.as_ref(), clock)?;
    let (world, secrets, guard) = match machine {
        Some(machine) => (World::simulated(machine, clock)?, Secrets::default(), None),
        None => (World::Host, Secrets::read(&plan)?, Some(guard(arguments, &scenario, &plan, &run_id)?)),
    };
    let changes = if guard.is_some() { Changes::Host } else { Changes::Nothing };
    let redaction = secrets::hide(&secrets, &scenario, &plan)?;
    let (directory, manifest) = match earlier {
        Some(earlier) => earlier.take_up(manifest, &world)?,
        None => (results_folder::create(&arguments.results, &scenario.name, &run_id, changes)?, manifest),
    };
    let directory = results_folder::relied_on(directory, changes)?.hiding(redaction);
    let interrupt = Interrupt::default();
    let decided = directory.write_decisions(&scenario.frozen(), &plan).map_err(Failure::from);
    let finished = decided.and_then(|()| {
        conduct(
            Request {
                plan: &plan,
                scenario_dir: &scenario.dir,
                directory: &directory,
                clock,
                world,
                secrets,
                manifest,
                interrupt: interrupt.clone(),
                guard,
                aftermath: if arguments.keep { Aftermath::Keep } else { Aftermath::Undo },
                resumption,
            },
            arguments,
        )
    });
    match finished {
        Ok(Some(finished)) => conclude(arguments, &directory, &run_id, &finished),
        Ok(None) => Ok(left(&directory, &run_id, &interrupt)),
        Err(failure) => {
            // It was made, whatever is in it.
            print(directory.path().display());
            Err(failure)
        }
    }
}

/// The run has measured all it was asked for; its report may be missing yet.
fn nothing_to_do(run_dir: &Path, done: &Obstacle) -> Result<u8, Failure> {
    say(done);
    derive(run_dir, &[])?;
    print(run_dir.display());
    Ok(DONE)
}

fn run_id(arguments: &RunArguments, earlier: Option<&Earlier>, clock: Clock) -> Result<RunId, NameError> {
    let given = earlier.map(|earlier| &earlier.past.manifest.run_id).or(arguments.runner.as_ref());
    given.cloned().map_or_else(|| new_run_id(clock), Ok)
}

/// All that is known before the first look at the machine.
fn manifest(
    arguments: &RunArguments,
    plan: &Plan,
    run_id: RunId,
    machine: Option<&Machine>,
    clock: Clock,
) -> Result<Manifest, Failure> {
    let certified = certified()?;
    Ok(Manifest {
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
        declared: None,
        environment: Environment::default(),
        certified,
        started: clock.started(),
        finished: None,
        outcome: Outcome::Running,
        sealed: None,
        sessions_before: Vec::new(),
    })
}

/// What `doctor` has seen this machine's load driver take. What cannot be read
/// as a certificate was made by another version.
fn certified() -> Result<Option<Envelope>, Failure> {
    let kept = StateFolder::open()?.kept(CERTIFICATE)?;
    let certificate = kept.and_then(|text| serde_json::from_str::<Certificate>(&text).ok());
    Ok(certificate.and_then(|certificate| certificate.envelope(env!("CARGO_PKG_VERSION"), &host::environment())))
}

/// `scenarios/machines/` of the scenario, then of the working directory.
fn machine_folders(scenario: &Scenario) -> Vec<PathBuf> {
    vec![scenario.dir.join("machines"), PathBuf::from("scenarios/machines")]
}

/// Begins with the time, so that runs sort by it. Ends at random: a run ends
/// whatever bears its mark, so two that start at once must not share it.
pub(super) fn new_run_id(clock: Clock) -> Result<RunId, NameError> {
    let random = RandomState::new().hash_one(process::id()) >> 32;
    RunId::new(format!("{}-{random:08x}", clock.started().format("%Y%m%dT%H%M%SZ")))
}

fn bindings(
    arguments: &RunArguments,
    scenario: &Scenario,
    run_id: &RunId,
    earlier: Option<&Earlier>,
) -> Result<Bindings, Failure> {
    let results = std::path::absolute(&arguments.results)
        .map_err(|source| Failure::Host { what: "find the results folder", source })?;
    let ports = host::free_ports(scenario.ports_needed())?;
    let run_dir = earlier.map_or_else(
        || results.join(scenario.name.as_str()).join(run_id.as_str()),
        |earlier| earlier.directory.path().to_owned(),
    );
    Ok(Bindings { run_dir, run_id: run_id.to_string(), ports })
}

/// The right to change this host, by files that may be trusted. Every address
/// that connections are to come from must be this host's.
fn guard(arguments: &RunArguments, scenario: &Scenario, plan: &Plan, run_id: &RunId) -> Result<Guard, Failure> {
    trust::rely_on(scenario.doubts.first().cloned())?;
    let guard = Guard::take(run_id, plan)?;
    if let (Some(_), Some(lock)) = (&arguments.runner, guard.lock()) {
        // If whoever is above is dead, this process will soon hear of it.
        let _ = warden::hand_over(lock);
    }
    if let Some(squatter) = guard.squatter() {
        say(format_args!("warning: the lock of this host is held by {squatter}, who is no run of runexp"));
    }
    let servers = plan.epochs.iter().flat_map(|epoch| &epoch.servers);
    let mut sources = servers.flat_map(|server| server.source_addresses.iter().map(move |source| (server, *source)));
    match sources.find(|(_, source)| !host::is_own_address(*source)) {
        Some((server, address)) => Err(Failure::NotOurAddress { server: server.label(), address }),
        None => Ok(guard),
    }
}

/// `None` if a person wanted to leave everything as it is.
fn conduct(request: Request<'_>, arguments: &RunArguments) -> Result<Option<Finished>, Failure> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|source| Failure::Host { what: "start the runtime", source })?;
    let quiet = arguments.quiet;
    let watch = move |event: RunEvent| {
        if !quiet || matches!(event, RunEvent::NotUndone { .. } | RunEvent::Warning { .. }) {
            progress::tell(&event);
        }
    };
    let interrupt = request.interrupt.clone();
    let finished = runtime.block_on(async {
        let listening = signals::listen(&interrupt, arguments.runner.is_some());
        listening.map_err(|source| Failure::Host { what: "listen for signals", source })?;
        tokio::select! {
            finished = run::execute(request, &watch) => Ok(Some(finished?)),
            () = interrupt.left() => Ok(None),
        }
    });
    runtime.shutdown_background();
    if arguments.runner.is_some() {
        warden::give_back();
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_that_start_at_once_have_ids_of_their_own() {
        let clock = Clock::start();
        assert_ne!(new_run_id(clock).unwrap(), new_run_id(clock).unwrap());
    }
}
