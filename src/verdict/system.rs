//! Whether what was measured is the system that a claim speaks of.

use crate::record::{Environment, ServerAbout, Simulation};
use crate::scenario::SystemMatch;

/// The system that was measured.
#[derive(Clone, Copy)]
pub(super) struct System<'a> {
    pub(super) environment: &'a Environment,
    pub(super) simulated: Option<&'a Simulation>,
    /// What the servers told of themselves.
    pub(super) served: &'a [ServerAbout],
}

/// Every way in which the system differs from the one a claim speaks of. What
/// nothing here tells differs too.
pub(super) fn differences(wanted: &SystemMatch, system: System<'_>) -> Vec<String> {
    let SystemMatch { gpu, driver, engine, quantisation, digest } = wanted;
    let differs = |what: &str, wanted: &str, here: Vec<String>, is_it: fn(&str, &str) -> bool| {
        let here: Vec<String> = dedup(here);
        // One that fits is not enough where servers differ.
        let fits = !here.is_empty() && here.iter().all(|here| is_it(here, wanted));
        (!fits).then(|| {
            let here = if here.is_empty() { "none".to_owned() } else { here.join(", ") };
            format!("{what}: claim speaks of {wanted}, here {here}")
        })
    };
    let told = |what: fn(&ServerAbout) -> Option<&String>| system.served.iter().filter_map(what).cloned().collect();
    let gpu = gpu.as_deref().and_then(|gpu| one_of("GPU", gpu, &gpus(system)));
    let driver = driver.and_then(|driver| differs("driver", &driver.to_string(), driver_here(system), is_major_of));
    let engine =
        engine.as_deref().and_then(|wanted| differs("engine", wanted, told(|about| about.engine.as_ref()), contains));
    let quantisation = quantisation.as_deref().and_then(|wanted| {
        differs("quantisation", wanted, told(|about| about.quantisation.as_ref()), str::eq_ignore_ascii_case)
    });
    let digest = digest
        .as_deref()
        .and_then(|wanted| differs("model digest", wanted, told(|about| about.digest.as_ref()), begins));
    [gpu, driver, engine, quantisation, digest].into_iter().flatten().collect()
}

/// Of several GPUs one that fits is enough.
fn one_of(what: &str, wanted: &str, here: &[String]) -> Option<String> {
    if here.iter().any(|here| contains(here, wanted)) {
        return None;
    }
    let here = if here.is_empty() { "none".to_owned() } else { here.join(", ") };
    Some(format!("{what}: claim speaks of {wanted}, here {here}"))
}

fn gpus(system: System<'_>) -> Vec<String> {
    match system.simulated {
        Some(simulation) => vec![format!("{} (simulated)", simulation.title)],
        None => system.environment.gpus.iter().map(|gpu| gpu.name.clone()).collect(),
    }
}

/// A simulated GPU has no driver.
fn driver_here(system: System<'_>) -> Vec<String> {
    system.environment.driver.iter().filter(|_| system.simulated.is_none()).cloned().collect()
}

fn dedup(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all.dedup();
    all
}

fn contains(here: &str, wanted: &str) -> bool {
    here.to_lowercase().contains(&wanted.to_lowercase())
}

fn is_major_of(here: &str, wanted: &str) -> bool {
    here.split('.').next() == Some(wanted)
}

/// A digest may be shortened, and may name its algorithm.
fn begins(here: &str, wanted: &str) -> bool {
    let bare = |digest: &str| digest.rsplit(':').next().unwrap_or_default().to_owned();
    bare(here).starts_with(&bare(wanted))
}
