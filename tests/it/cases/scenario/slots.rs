//! `{{ slots }}` inside a server.

use runexp::scenario::{ServerOrigin, ServerSpec};

use super::{Folder, bindings};

/// The servers of a scenario with these variables and this server.
fn servers(vars: &str, server: &str) -> Vec<ServerSpec> {
    let folder = Folder::with(&format!(
        "schema = 1\nname = \"slots\"\ntitle = \"Slots\"\n{vars}\n[[server]]\nname = \"one\"\napi = \"openai\"\n{server}\n\
         [[phase]]\nname = \"load\"\nclients = 1\nduration = \"1s\"\nrequest = {{ prompt = \"x\", max_tokens = 1 }}\n"
    ));
    let scenario = folder.load().map_err(|_| folder.problems()).unwrap();
    scenario.resolve(&scenario.treatments()[0], &bindings()).unwrap().servers
}

/// Each server's command, its environment and its slots.
fn started(servers: &[ServerSpec]) -> Vec<String> {
    let told = |server: &ServerSpec| {
        let ServerOrigin::Run { argv, env, .. } = &server.origin else { return None };
        Some(format!("{} {:?} {:?}", argv.join(" "), env.values().collect::<Vec<_>>(), server.slots))
    };
    servers.iter().filter_map(told).collect()
}

#[test]
fn a_server_is_started_with_its_own_slots_though_no_factor_has_that_name() {
    let run = "run = [\"serve\", \"--parallel\", \"{{ slots }}\"]\nenv = { N = \"{{ slots * 2 }}\" }";
    assert_eq!(started(&servers("", &format!("slots = 4\n{run}"))), ["serve --parallel 4 [\"8\"] Some(4)"]);
    let each = servers("", &format!("count = 2\nslots = \"{{{{ index + 1 }}}}\"\n{run}"));
    assert_eq!(started(&each), ["serve --parallel 1 [\"2\"] Some(1)", "serve --parallel 2 [\"4\"] Some(2)"]);
}

#[test]
fn a_variable_may_use_the_slots_of_the_server_that_uses_it() {
    let vars = "[vars]\ncommand = [\"serve\", \"-np\", \"{{ slots }}\"]";
    assert_eq!(started(&servers(vars, "slots = 3\nrun = \"{{ command }}\"")), ["serve -np 3 [] Some(3)"]);
}

#[test]
fn what_a_server_declares_is_its_own_whatever_else_has_that_name() {
    let vars = "[vars]\nslots = 2";
    let own = servers(vars, "slots = \"{{ slots * 3 }}\"\nrun = [\"serve\", \"{{ slots }}\"]");
    assert_eq!(started(&own), ["serve 6 [] Some(6)"]);
    assert_eq!(started(&servers(vars, "run = [\"serve\", \"{{ slots }}\"]")), ["serve 2 [] None"]);
}
