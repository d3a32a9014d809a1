use std::fs::{Permissions, create_dir, set_permissions, write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;

/// The way to a file for one who trusts root and whoever owns what a test makes.
fn walked(path: &Path) -> Reached {
    let owner = path.parent().unwrap().metadata().unwrap();
    let trusted = Trusted { users: vec![0, owner.uid()], groups: vec![0, owner.gid()] };
    walk_trusting(path, Missing::Refused, &trusted).unwrap()
}

fn mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_folder_on_the_way_is_judged_not_only_the_last() {
    let temporary = tempfile::tempdir().unwrap();
    let top = temporary.path().canonicalize().unwrap();
    let (upper, lower) = (top.join("upper"), top.join("upper/lower"));
    create_dir(&upper).unwrap();
    create_dir(&lower).unwrap();
    let file = lower.join("x.toml");
    write(&file, "").unwrap();
    mode(&file, 0o644);
    let owner = file.metadata().unwrap().uid();
    let doubt = || walked(&file).doubt;
    assert_eq!(doubt(), None);
    mode(&upper, 0o777);
    assert_eq!(doubt(), Some(Distrust::Writable { path: upper.clone(), owner, mode: 0o777 }));
    mode(&upper, 0o1777);
    assert_eq!(doubt(), None);
    mode(&upper, 0o755);
    mode(&file, 0o646);
    assert_eq!(doubt(), Some(Distrust::Writable { path: file.clone(), owner, mode: 0o646 }));
}

#[test]
fn a_link_leads_on_and_its_own_way_is_judged_too() {
    let temporary = tempfile::tempdir().unwrap();
    let top = temporary.path().canonicalize().unwrap();
    for name in ["open", "closed"] {
        create_dir(top.join(name)).unwrap();
    }
    write(top.join("closed/x"), "here").unwrap();
    mode(&top.join("closed/x"), 0o600);
    symlink("../closed/x", top.join("open/link")).unwrap();
    symlink(top.join("open"), top.join("home")).unwrap();
    let there = walked(&top.join("home/link"));
    assert_eq!((there.path, there.doubt, there.foreign_link), (top.join("closed/x"), None, None));
    mode(&top.join("open"), 0o777);
    let doubt = walked(&top.join("home/link")).doubt;
    assert!(matches!(doubt, Some(Distrust::Writable { path, .. }) if path == top.join("open")));
    symlink("round", top.join("round")).unwrap();
    assert!(walk(&top.join("round"), Missing::Refused).is_err());
    symlink("nowhere", top.join("lost")).unwrap();
    assert!(walk(&top.join("lost"), Missing::Refused).is_err());
}

#[test]
fn what_belongs_to_somebody_else_is_doubted_and_so_is_a_link_of_theirs() {
    let temporary = tempfile::tempdir().unwrap();
    let top = temporary.path().canonicalize().unwrap();
    write(top.join("x"), "").unwrap();
    symlink("x", top.join("link")).unwrap();
    let owner = top.metadata().unwrap().uid();
    // Whose the folders further up are is not for this test to say.
    let trusted = Trusted { users: vec![owner + 1], groups: vec![] };
    let of = |name: &str| walk_trusting(&top.join(name), Missing::Refused, &trusted).unwrap();
    assert!(matches!(of("x").doubt, Some(Distrust::Owner { .. })));
    assert_eq!(of("x").foreign_link, None);
    assert_eq!(of("link").foreign_link, Some(Distrust::Owner { path: top.join("link"), owner }));
}

#[test]
fn folders_that_are_missing_are_made_only_where_they_are_wanted() {
    let temporary = tempfile::tempdir().unwrap();
    let top = temporary.path().canonicalize().unwrap();
    let deep = top.join("a/../b/c");
    assert!(walk(&deep, Missing::Refused).is_err());
    assert_eq!(walk(&deep, Missing::Made).unwrap().path, top.join("b/c"));
    assert!(top.join("b/c").is_dir());
    write(top.join("file"), "").unwrap();
    assert!(walk(&top.join("file/below"), Missing::Made).is_err());
    assert_eq!(doubt_to_be(&top.join("not/there")).unwrap(), doubt(&top).unwrap());
}

#[test]
fn a_pipe_is_not_waited_for() {
    let temporary = tempfile::tempdir().unwrap();
    let pipe = temporary.path().join("pipe");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    assert_eq!(open(&pipe).unwrap_err().to_string(), "it is not a file");
}
