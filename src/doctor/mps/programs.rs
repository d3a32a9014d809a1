#![expect(clippy::disallowed_methods, reason = "reads PATH")]

use std::path::Path;

use rustix::fs::{Access, access};

/// Those that no folder of PATH has.
pub(super) fn missing(programs: &[&'static str]) -> Vec<&'static str> {
    let path = std::env::var("PATH").unwrap_or_default();
    programs.iter().copied().filter(|program| !is_on(&path, program)).collect()
}

fn is_on(path: &str, program: &str) -> bool {
    path.split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| Path::new(folder).join(program))
        .any(|file| file.is_file() && access(&file, Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_can_be_executed_is_a_program() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("text"), "").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let path = format!(":{}:/bin:/usr/bin", folder.path().display());
        assert_eq!(["sh", "text", "folder", "none"].map(|program| is_on(&path, program)), [true, false, false, false]);
        assert!(!is_on("", "sh"));
    }
}
