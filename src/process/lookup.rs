#![expect(clippy::disallowed_methods, reason = "looks for programs as exec does")]

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rustix::fs::{Access, access};

/// Where the C library looks without `PATH`; see `execvp(3)`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// The kernel reads so much of a script's first line (`BINPRM_BUF_SIZE`).
const FIRST_LINE: u64 = 256;

/// Why a program could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoProgram {
    /// No folder of `PATH` has it.
    #[error("`{program}` was not found in any folder of `PATH`")]
    NotOnPath {
        /// Its name.
        program: String,
    },
    /// There is no such file.
    #[error("there is no `{path}`", path = path.display())]
    Absent {
        /// The path, whole.
        path: PathBuf,
    },
    /// It is a folder.
    #[error("`{path}` is a folder, not a program", path = path.display())]
    Folder {
        /// The path, whole.
        path: PathBuf,
    },
    /// This user may not execute it.
    #[error("`{path}` may not be executed by this user", path = path.display())]
    NotExecutable {
        /// The path, whole.
        path: PathBuf,
    },
    /// It is a script for a program that is not there.
    #[error("`{path}` is a script for `{interpreter}`, which is not there", path = path.display())]
    NoInterpreter {
        /// The script.
        path: PathBuf,
        /// What its first line names.
        interpreter: String,
    },
}

/// The program that would be executed by this name in a folder: a path with a
/// slash is taken from there, anything else is looked for in `PATH`, that of
/// `env` first; see `execvp(3)`.
///
/// # Errors
/// If it would not be executed.
pub fn find_program(program: &str, env: &IndexMap<String, String>, dir: &Path) -> Result<PathBuf, NoProgram> {
    if program.contains('/') {
        return executable(super::absolute(&dir.join(program)));
    }
    let path = env.get("PATH").map(OsString::from).or_else(|| std::env::var_os("PATH"));
    let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
    let mut refused = None;
    for folder in std::env::split_paths(&path) {
        // An empty part means the folder that the program is started in.
        match executable(super::absolute(&dir.join(folder).join(program))) {
            Ok(found) => return Ok(found),
            // What cannot be executed does not end the search.
            Err(NoProgram::Absent { .. }) => {}
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| NoProgram::NotOnPath { program: program.to_owned() }))
}

fn executable(path: PathBuf) -> Result<PathBuf, NoProgram> {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => return Err(NoProgram::Folder { path }),
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(NoProgram::Absent { path }),
        Ok(_) | Err(_) => {}
    }
    if access(&path, Access::EXEC_OK).is_err() {
        return Err(NoProgram::NotExecutable { path });
    }
    match interpreter(&path).filter(|interpreter| !Path::new(interpreter).exists()) {
        Some(interpreter) => Err(NoProgram::NoInterpreter { path, interpreter }),
        None => Ok(path),
    }
}

/// The absolute path behind `#!`, if that is how the file begins.
fn interpreter(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    std::fs::File::open(path).ok()?.take(FIRST_LINE).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let first = std::str::from_utf8(line).ok()?.split_ascii_whitespace().next()?;
    first.starts_with('/').then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(folder: &Path, name: &str, text: &str, mode: u32) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_program_is_looked_for_as_exec_would() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        file(dir, "first/plain", "", 0o644);
        file(dir, "first/both", "", 0o644);
        file(dir, "second/both", "", 0o755);
        file(dir, "second/old", "#!/gone/python3 -u\n", 0o755);
        file(dir, "second/new", "#! /bin/sh\n", 0o755);
        file(dir, "second/dir/file", "", 0o755);
        file(dir, "here", "", 0o755);
        let path = |path: &str| IndexMap::from([("PATH".to_owned(), path.to_owned())]);
        // The last part is empty: the folder itself.
        let env = path(&format!("{0}/first:{0}/second:", dir.display()));
        let told = |program: &str| match find_program(program, &env, dir) {
            Ok(path) | Err(NoProgram::Absent { path }) => path.strip_prefix(dir).unwrap().display().to_string(),
            Err(error) => error.to_string().replace(&format!("{}/", dir.display()), ""),
        };
        let found = ["both", "new", "here", "./second/both", "plain", "old", "dir", "second", "nothing", "./nothing"]
            .map(|program| format!("{program}: {}", told(program)));
        insta::assert_snapshot!(found.join("\n"), @"
        both: second/both
        new: second/new
        here: here
        ./second/both: second/both
        plain: `first/plain` may not be executed by this user
        old: `second/old` is a script for `/gone/python3`, which is not there
        dir: `second/dir` is a folder, not a program
        second: `second` is a folder, not a program
        nothing: `nothing` was not found in any folder of `PATH`
        ./nothing: nothing
        ");
        assert!(find_program("sh", &IndexMap::new(), dir).is_ok());
        assert!(find_program("sh", &path("/nowhere"), dir).is_err());
    }
}
