#![expect(clippy::disallowed_methods, reason = "reads the folder of Ollama's models")]

use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

/// What an unqualified name stands for; see `types/model/name.go` of Ollama.
const HOST: &str = "registry.ollama.ai";
const NAMESPACE: &str = "library";
const TAG: &str = "latest";

/// The folder in which an `ollama serve` keeps its models. It can be looked
/// into before the server is started: a model is there if its manifest is,
/// `manifests/HOST/NAMESPACE/NAME/TAG` (`manifest/paths.go`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OllamaStore(PathBuf);

impl OllamaStore {
    /// That of a server with this environment added to ours. `None` if nobody
    /// can tell.
    pub fn of(env: &IndexMap<String, String>, dir: &Path) -> Option<Self> {
        let variable = |name: &str| env.get(name).cloned().or_else(|| std::env::var(name).ok());
        // Ollama takes off what a file of variables may have left around it.
        let clean = |text: String| text.trim().trim_matches(['"', '\'']).to_owned();
        let folder = variable("OLLAMA_MODELS").map(clean).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let home = || variable("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        Some(Self(dir.join(folder.or_else(|| Some(home()?.join(".ollama/models")))?)))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Whether the model of this name is there; `None` where nobody can tell:
    /// the folder may not be read, is arranged in another way, or the model may
    /// lie elsewhere altogether.
    pub fn has(&self, model: &str) -> Option<bool> {
        let name = Name::parse(model)?;
        match self.0.join("manifests").metadata() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.is_empty().then_some(false),
            Err(_) => return None,
        }
        let mut folder = self.0.join("manifests");
        for part in name.parts() {
            match entry(&folder, part).ok()? {
                Some(path) => folder = path,
                None => return Some(false),
            }
        }
        Some(true)
    }

    /// The names of the models that are there, as Ollama would list them.
    pub fn models(&self) -> Vec<String> {
        let mut models = Vec::new();
        let below = |path: &Path| entries(path).unwrap_or_default();
        for host in below(&self.0.join("manifests")) {
            for namespace in below(&host) {
                for model in below(&namespace) {
                    models.extend(below(&model).iter().filter_map(|tag| listed(&self.0.join("manifests"), tag)));
                }
            }
        }
        models.sort();
        models
    }

    /// Nothing but what `ollama serve` makes of a new folder.
    fn is_empty(&self) -> bool {
        match entries(&self.0) {
            Ok(entries) => entries.iter().all(|entry| entry.file_name().is_some_and(|name| name == "blobs")),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// Ollama takes names for equal that differ in case only.
fn entry(folder: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let is_it = |path: &PathBuf| path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name));
    match entries(folder) {
        Ok(entries) => Ok(entries.into_iter().find(is_it)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What stands for itself is left out: `smollm2:latest`.
fn listed(manifests: &Path, path: &Path) -> Option<String> {
    let parts: Vec<&str> = path.strip_prefix(manifests).ok()?.iter().filter_map(|part| part.to_str()).collect();
    match parts[..] {
        [HOST, NAMESPACE, model, tag] => Some(format!("{model}:{tag}")),
        [HOST, namespace, model, tag] => Some(format!("{namespace}/{model}:{tag}")),
        [host, namespace, model, tag] => Some(format!("{host}/{namespace}/{model}:{tag}")),
        _ => None,
    }
}

/// `HOST/NAMESPACE/MODEL:TAG`, of which only the model must be there.
struct Name<'a> {
    host: &'a str,
    namespace: &'a str,
    model: &'a str,
    tag: &'a str,
}

impl<'a> Name<'a> {
    /// `None` for what Ollama would not look for in this folder: a digest, a
    /// model of its cloud.
    fn parse(text: &'a str) -> Option<Self> {
        let after_slash = text.rfind('/').map_or(0, |slash| slash + 1);
        let (rest, tag) = match text[after_slash..].find(':') {
            Some(colon) => (&text[..after_slash + colon], &text[after_slash + colon + 1..]),
            None => (text, TAG),
        };
        let mut parts = rest.rsplitn(3, '/');
        let (model, namespace) = (parts.next()?, parts.next().unwrap_or(NAMESPACE));
        let host = parts.next().map_or(HOST, |host| host.split_once("://").map_or(host, |(_, host)| host));
        let name = Self { host, namespace, model, tag };
        let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '@', '\0']);
        let is_remote = tag.to_ascii_lowercase().ends_with("cloud");
        (!is_remote && name.parts().into_iter().all(is_plain)).then_some(name)
    }

    const fn parts(&self) -> [&'a str; 4] {
        [self.host, self.namespace, self.model, self.tag]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(manifests: &[&str]) -> (tempfile::TempDir, OllamaStore) {
        let root = tempfile::tempdir().unwrap();
        for manifest in manifests {
            let path = root.path().join("manifests").join(manifest);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let store = OllamaStore(root.path().to_owned());
        (root, store)
    }

    #[test]
    fn a_model_is_there_under_every_name_that_ollama_knows_it_by() {
        let (_root, store) = store(&[
            "registry.ollama.ai/library/smollm2/latest",
            "registry.ollama.ai/me/Own/1b",
            "hf.co/them/Llama-GGUF/Q4_K_M",
            "localhost:5000/a/b/c",
        ]);
        let there = [
            "smollm2",
            "smollm2:latest",
            "SmolLM2",
            "library/smollm2",
            "registry.ollama.ai/library/smollm2",
            "me/own:1B",
            "hf.co/them/llama-gguf:q4_k_m",
            "https://hf.co/them/llama-gguf:q4_k_m",
            "localhost:5000/a/b:c",
        ];
        let absent = ["smollm2:135m", "smollm", "me/own", "you/own:1b", "hf.co/them/llama-gguf", "b:c"];
        assert_eq!(there.map(|model| store.has(model)), [Some(true); 9]);
        assert_eq!(absent.map(|model| store.has(model)), [Some(false); 6]);
        assert_eq!(
            ["gpt-oss:120b-cloud", "x:cloud", "a@sha256", "..", "a//b", ""].map(|model| store.has(model)),
            [None; 6]
        );
        assert_eq!(
            store.models(),
            ["hf.co/them/Llama-GGUF:Q4_K_M", "localhost:5000/a/b:c", "me/Own:1b", "smollm2:latest"]
        );
    }

    #[test]
    fn a_store_that_is_not_there_is_empty_and_one_of_another_kind_is_unknown() {
        let (root, store) = store(&[]);
        assert_eq!(store.has("m"), Some(false));
        assert_eq!(OllamaStore(root.path().join("gone")).has("m"), Some(false));
        std::fs::create_dir(root.path().join("blobs")).unwrap();
        assert_eq!(store.has("m"), Some(false));
        std::fs::create_dir(root.path().join("manifests-v2")).unwrap();
        assert_eq!(store.has("m"), None);
        assert_eq!(OllamaStore(PathBuf::from("/proc/1/fdinfo/../environ")).has("m"), None);
    }

    #[test]
    fn the_servers_own_environment_goes_first() {
        let env = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<IndexMap<_, _>>()
        };
        let folder = |pairs| OllamaStore::of(&env(pairs), Path::new("/dir")).unwrap().folder().display().to_string();
        assert_eq!(folder(&[("OLLAMA_MODELS", "\"/models\"")]), "/models");
        assert_eq!(folder(&[("OLLAMA_MODELS", "models")]), "/dir/models");
        assert_eq!(folder(&[("OLLAMA_MODELS", ""), ("HOME", "/home/me")]), "/home/me/.ollama/models");
    }
}
