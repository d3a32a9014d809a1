//! Every table of the schema has the keys that the reader takes there, all of
//! them and no others. What the reader takes is heard from the reader: it lists
//! the known keys when it finds one that it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use runexp::format::{Code, Problem};
use runexp::handbook::{explain, schema};
use runexp::scenario::{LoadOptions, StepKind, load};
use serde_json::Value as Json;
use tempfile::TempDir;
use toml::{Table, Value};

const GOOD: &str = include_str!("../scenario/good.toml");
const PUBLISHED: &str = include_str!("../scenario/published.toml");
/// No key is called so.
const STRANGE: &str = "qqqqqq";

/// A table of the scenario with the keys that the schema allows there.
struct Closed {
    /// Keys and positions that lead to it.
    path: Vec<String>,
    keys: BTreeSet<String>,
}

/// Walks a scenario and the schema side by side.
struct Walk<'s> {
    schema: &'s Json,
    /// Where in the schema tables were met.
    met: BTreeSet<String>,
    /// By the place in the schema and the keys allowed, one table of each.
    closed: BTreeMap<(String, BTreeSet<String>), Closed>,
}

impl Walk<'_> {
    fn visit(&mut self, pointer: &str, value: &Value, path: &[String]) {
        let shape = self.schema.pointer(pointer).unwrap().clone();
        if let Some(reference) = shape["$ref"].as_str() {
            self.visit(reference.trim_start_matches('#'), value, path);
        }
        for several in ["anyOf", "oneOf", "allOf"] {
            for index in 0..shape[several].as_array().map_or(0, Vec::len) {
                self.visit(&format!("{pointer}/{several}/{index}"), value, path);
            }
        }
        if shape.get("if").is_some_and(|condition| holds(condition, value)) {
            self.visit(&format!("{pointer}/then"), value, path);
        }
        match value {
            Value::Table(table) => self.visit_table(pointer, &shape, table, path),
            Value::Array(list) if shape.get("items").is_some() => {
                for (index, item) in list.iter().enumerate() {
                    self.visit(&format!("{pointer}/items"), item, &longer(path, &index.to_string()));
                }
            }
            _ => {}
        }
    }

    fn visit_table(&mut self, pointer: &str, shape: &Json, table: &Table, path: &[String]) {
        let properties = shape["properties"].as_object();
        if properties.is_some() {
            self.met.insert(pointer.to_owned());
        }
        if shape["additionalProperties"] == Json::Bool(false) {
            let keys = allowed(shape, &Value::Table(table.clone()));
            let closed = Closed { path: path.to_vec(), keys: keys.clone() };
            self.closed.entry((pointer.to_owned(), keys)).or_insert(closed);
        }
        for (key, value) in table {
            if properties.is_some_and(|properties| properties.contains_key(key)) {
                self.visit(&format!("{pointer}/properties/{key}"), value, &longer(path, key));
            } else if shape["additionalProperties"].is_object() {
                self.visit(&format!("{pointer}/additionalProperties"), value, &longer(path, key));
            }
        }
    }
}

fn longer(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

/// Whether a table has the values that the condition of a rule names.
fn holds(condition: &Json, value: &Value) -> bool {
    let wanted = condition["properties"].as_object();
    wanted.is_some_and(|wanted| {
        wanted.iter().all(|(key, shape)| value.get(key).and_then(Value::as_str) == shape["const"].as_str())
    })
}

/// The properties of a shape without those that a rule forbids this table.
fn allowed(shape: &Json, value: &Value) -> BTreeSet<String> {
    let rules = shape["allOf"].as_array().into_iter().flatten();
    let applied = rules.filter(|rule| holds(&rule["if"], value));
    let forbidden: BTreeSet<&String> = applied
        .flat_map(|rule| rule["then"]["properties"].as_object().into_iter().flatten())
        .filter(|(_, shape)| **shape == Json::Bool(false))
        .map(|(key, _)| key)
        .collect();
    let properties = shape["properties"].as_object().unwrap();
    properties.keys().filter(|key| !forbidden.contains(key)).cloned().collect()
}

/// Where the schema has tables.
fn tables(shape: &Json, pointer: &str, found: &mut BTreeSet<String>) {
    if pointer.ends_with("/if") {
        return;
    }
    match shape {
        Json::Object(object) => {
            if object.get("properties").is_some_and(Json::is_object) && !pointer.ends_with("/properties") {
                found.insert(pointer.to_owned());
            }
            object.iter().for_each(|(key, shape)| tables(shape, &format!("{pointer}/{key}"), found));
        }
        Json::Array(list) => {
            list.iter().enumerate().for_each(|(index, shape)| tables(shape, &format!("{pointer}/{index}"), found));
        }
        _ => {}
    }
}

/// The steps of the example on a kind's page.
fn example(kind: &str) -> Vec<Value> {
    let page = explain(kind).unwrap();
    let example = page.split("```").nth(1).unwrap().trim_start_matches("toml");
    let example: Table = toml::from_str(example).unwrap();
    let inner = example.get("epoch").and_then(|epoch| epoch.get("setup"));
    let steps = example.get("setup").into_iter().chain(inner).filter_map(Value::as_array);
    steps.flatten().cloned().collect()
}

/// A scenario with every key there is.
fn everything() -> Value {
    let (mut good, published): (Table, Table) = (toml::from_str(GOOD).unwrap(), toml::from_str(PUBLISHED).unwrap());
    good.remove("include");
    good.insert("claim".to_owned(), published["claim"].clone());
    good.insert("audit".to_owned(), published["audit"].clone());
    good.insert("document".to_owned(), published["document"].clone());
    good["setup"].as_array_mut().unwrap().extend(StepKind::entries().flat_map(|kind| example(kind.key)));
    // It cannot stand beside the `replicate` of that scenario; its keys are read all the same.
    let adaptive: Table = toml::from_str("half_width = \"2%\"\nmax_repetitions = 12").unwrap();
    good["design"].as_table_mut().unwrap().insert("adaptive".to_owned(), Value::Table(adaptive));
    Value::Table(good)
}

/// What the reader says about the strange key, and about which others it says
/// that they are unknown, when a table has the strange key and those of the
/// schema that it lacks.
fn read_with_strange_key(closed: &Closed) -> (String, Vec<String>) {
    let mut scenario = everything();
    let table = closed.path.iter().fold(&mut scenario, |value, step| match value {
        Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
        value => &mut value[step.as_str()],
    });
    let table = table.as_table_mut().unwrap();
    for key in closed.keys.iter().map(String::as_str).chain([STRANGE]) {
        // Wrong for most keys, and no matter; but a `when` that cannot be told ends the reading.
        let any = if key == "when" { Value::Boolean(true) } else { Value::Array(Vec::new()) };
        table.entry(key).or_insert(any);
    }
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("prompts.jsonl", "{\"prompt\": \"one\"}\n"),
        ("prompts.txt", "three\n"),
        ("arrivals.csv", "0\n1.5\n"),
        ("compose.yml", "services: {}\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("scenario.toml");
    fs::write(&path, toml::to_string(&scenario).unwrap()).unwrap();
    let options = LoadOptions { metrics: &["output_throughput", "ttft"], ..LoadOptions::default() };
    let problems = load(&path, &options).unwrap_err();
    let unknown = problems.iter().filter(|problem| problem.code == Code::UnknownKey);
    let (strange, others): (Vec<&Problem>, Vec<&Problem>) =
        unknown.partition(|problem| problem.message.contains(STRANGE));
    assert_eq!(strange.len(), 1, "`{STRANGE}` in {:?}:\n{problems}", closed.path);
    (strange[0].help.clone().unwrap(), others.iter().map(|problem| problem.message.clone()).collect())
}

#[test]
fn every_table_of_the_schema_has_the_reader_s_keys() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let mut walk = Walk { schema: &schema, met: BTreeSet::new(), closed: BTreeMap::new() };
    walk.visit("", &everything(), &[]);
    let mut all = BTreeSet::new();
    tables(&schema, "", &mut all);
    assert_eq!(walk.met, all, "tables of the schema that the scenario with every key does not have");
    for closed in walk.closed.values() {
        let (help, unknown) = read_with_strange_key(closed);
        assert_eq!(unknown, Vec::<String>::new(), "keys of {:?} that only the schema knows", closed.path);
        // A long list is not shown whole; but then it is counted.
        if let Some((count, _)) = help.split_once(" names are known here") {
            // Includes are followed before the tables are read.
            let keys = closed.keys.iter().filter(|key| *key != "include").count();
            assert_eq!(count, keys.to_string(), "{:?}: {help}", closed.path);
        } else {
            let known: BTreeSet<String> = help.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            let missing: Vec<&String> = known.difference(&closed.keys).collect();
            assert_eq!(missing, Vec::<&String>::new(), "keys of {:?} that only the reader knows", closed.path);
            assert!(!known.is_empty(), "{:?}: {help}", closed.path);
        }
    }
}
