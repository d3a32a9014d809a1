use std::path::Path;

use super::UndoError;
use super::apply::Call;
use crate::process::{CommandError, compose, container_ids};

/// Compose puts it on containers and networks before it makes them; see
/// <https://docs.docker.com/compose/how-tos/project-name/>.
const LABEL: &str = "com.docker.compose.project";
const SOCKET: &str = "/var/run/docker.sock";
/// How many seconds containers may take to stop. Many run their program as the
/// first process, which SIGTERM does not end: they take all of it.
const GRACE: &str = "2";

/// Removes containers and networks of a project that is private to a run.
/// Volumes stay: they may hold models that took hours to fetch.
///
/// `down` needs the Compose file as it was; where that has changed or gone, or
/// `up` failed half-way, the label finds what is left.
pub(super) async fn down(file: &Path, project: &str, call: &Call<'_>) -> Result<(), UndoError> {
    let failed = |source| UndoError::Command { label: format!("docker compose up ({project})"), source };
    let down = call.run(&compose(project, file, &["down", "--timeout", GRACE])).await;
    if matches!(down, Err(CommandError::NotFound { .. })) && !Path::new(SOCKET).exists() {
        return Ok(());
    }
    let containers = match list(call, &["ps", "-aq"], project).await {
        Ok(containers) => containers,
        Err(error) => return Err(failed(down.err().unwrap_or(error))),
    };
    remove(call, &["rm", "-f"], containers).await.map_err(failed)?;
    let networks = list(call, &["network", "ls", "-q"], project).await.map_err(failed)?;
    remove(call, &["network", "rm"], networks).await.map_err(failed)?;
    let containers = list(call, &["ps", "-aq"], project).await.map_err(failed)?;
    if containers.is_empty() {
        return Ok(());
    }
    Err(UndoError::ContainersLeft { project: project.to_owned(), containers })
}

async fn list(call: &Call<'_>, what: &[&str], project: &str) -> Result<Vec<String>, CommandError> {
    let filter = ["--filter".to_owned(), format!("label={LABEL}={project}")];
    Ok(container_ids(&call.run(&docker(what, &filter)).await?))
}

async fn remove(call: &Call<'_>, how: &[&str], ids: Vec<String>) -> Result<(), CommandError> {
    if ids.is_empty() { Ok(()) } else { call.run(&docker(how, &ids)).await.map(|_| ()) }
}

fn docker(words: &[&str], rest: &[String]) -> Vec<String> {
    std::iter::once("docker").chain(words.iter().copied()).map(str::to_owned).chain(rest.iter().cloned()).collect()
}
