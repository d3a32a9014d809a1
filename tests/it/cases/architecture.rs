//! The street keeps its order: imports point down, files and functions stay
//! small, and pure rooms stay pure.

mod errors;
mod street;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

use street::{EFFECTS, PURE, STREET};

struct Source {
    path: PathBuf,
    room: String,
    text: String,
    file: syn::File,
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    collect(Path::new("src"), &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let first = path.components().nth(1).unwrap();
            let room = Path::new(&first).file_stem().unwrap().to_string_lossy().into_owned();
            Source { file: syn::parse_file(&text).unwrap(), room, text, path }
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Collects the rooms named after `crate::`, outside tests.
#[derive(Default)]
struct Imports(BTreeSet<String>);

impl Imports {
    fn tree(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => drop(self.0.insert(path.ident.to_string())),
            syn::UseTree::Name(name) => drop(self.0.insert(name.ident.to_string())),
            syn::UseTree::Rename(rename) => drop(self.0.insert(rename.ident.to_string())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item)),
            syn::UseTree::Glob(_) => drop(self.0.insert("*".to_owned())),
        }
    }
}

impl Visit<'_> for Imports {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.tree(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|first| first.ident == "crate")
            && let Some(room) = segments.next()
        {
            self.0.insert(room.ident.to_string());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        if !is_test(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

fn is_test_file(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests") || path.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn imports_point_down_the_street() {
    let allowed: BTreeMap<&str, &[&str]> = STREET.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !is_test_file(&source.path)) {
        if source.room == "lib" || source.room == "main" {
            continue;
        }
        let may =
            allowed.get(source.room.as_str()).unwrap_or_else(|| panic!("`{}` has no place in the street", source.room));
        let mut imports = Imports::default();
        imports.visit_file(&source.file);
        for room in imports.0 {
            if room != source.room && !may.contains(&room.as_str()) {
                wrong.push(format!("{}: `{}` may not import `{room}`", source.path.display(), source.room));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_arrow_of_the_street_is_used_and_points_to_a_lower_room() {
    let floor = |room: &str| STREET.iter().position(|(known, _)| *known == room);
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| !is_test_file(&source.path)) {
        let mut imports = Imports::default();
        imports.visit_file(&source.file);
        used.entry(source.room.clone()).or_default().extend(imports.0);
    }
    let arrows = STREET.iter().flat_map(|(room, may)| may.iter().map(move |other| (*room, *other)));
    let wrong: Vec<(&str, &str)> =
        arrows.filter(|(room, other)| floor(other) >= floor(room) || !used[*room].contains(*other)).collect();
    assert_eq!(wrong, []);
}

#[test]
fn pure_rooms_name_no_effect() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.room.as_str()) && !is_test_file(&source.path))
    {
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in EFFECTS.iter().filter(|word| names(line, word)) {
                wrong.push(format!("{}: `{word}` in `{}`", source.path.display(), line.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Whether `word` stands in `line` as a word of its own.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        !line[..at].chars().next_back().is_some_and(inside)
            && !line[at + word.len()..].chars().next().is_some_and(inside)
    })
}

#[test]
fn files_stay_under_300_lines_and_functions_under_60() {
    #[derive(Default)]
    struct Functions(Vec<(String, usize)>);
    impl Functions {
        fn note(&mut self, name: &syn::Ident, block: &syn::Block) {
            let span = block.brace_token.span;
            self.0.push((name.to_string(), span.close().end().line - span.open().start().line + 1));
        }
    }
    impl Visit<'_> for Functions {
        fn visit_item_fn(&mut self, function: &syn::ItemFn) {
            self.note(&function.sig.ident, &function.block);
            syn::visit::visit_item_fn(self, function);
        }
        fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
            self.note(&function.sig.ident, &function.block);
            syn::visit::visit_impl_item_fn(self, function);
        }
    }
    let mut all = Vec::new();
    for folder in ["src", "tests", "benches"] {
        collect(Path::new(folder), &mut all);
    }
    let long = all.iter().map(|path| (path, fs::read_to_string(path).unwrap().lines().count()));
    let mut wrong: Vec<String> = long
        .filter(|(_, lines)| *lines > 300)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    for source in sources() {
        let mut functions = Functions::default();
        functions.visit_file(&source.file);
        for (name, lines) in functions.0.into_iter().filter(|(_, lines)| *lines > 60) {
            wrong.push(format!("{}: `{name}` has {lines} lines", source.path.display()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_guards_themselves_can_fail() {
    let file = syn::parse_file("use crate::{run, units::Nanos}; fn f() -> crate::cli::X { crate::sim::g() }").unwrap();
    let mut imports = Imports::default();
    imports.visit_file(&file);
    assert_eq!(imports.0.into_iter().collect::<Vec<_>>(), ["cli", "run", "sim", "units"]);
    assert!(names("let x = std::fs::read(path);", "std::fs"));
    assert!(!names("let instantly = 1;", "instant"));
}
