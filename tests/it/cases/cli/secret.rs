//! Secrets: sent to the server, read from the environment, found nowhere else.

use insta::assert_snapshot;

use super::folder::{Folder, Said, everything_in};
use crate::support::{ScriptedServer, answer, answer_keeping_alive};

const SECRET: &str = "s3cr3t-7f3a-key";

/// A scenario that wants a secret in two headers.
fn folder(url: &str) -> Folder {
    Folder::with(&format!(
        r#"
schema = 1
name = "secret"
title = "A server that wants to know who asks"

[design]
repetitions = 1
rerun = 0

[[server]]
name = "guarded"
api = "openai"
url = "{url}"
ready = {{ http = "/v1/models", within = "5s" }}
bearer = {{ env = "RUNEXP_TEST_KEY" }}
headers = {{ X-Organization = "acme", X-Other = {{ env = "RUNEXP_TEST_KEY" }} }}

[[phase]]
name = "load"
clients = 1
requests = 4
request = {{ prompt = "hello", max_tokens = 1, stall = "2s" }}
"#
    ))
}

#[test]
fn a_secret_is_sent_with_every_request_and_found_nowhere_afterwards() {
    let server = ScriptedServer::start(|number, stream| match number {
        // Its ready check, and what it tells of itself.
        0..=2 => answer(stream, "200 OK", "{}"),
        3 => answer(stream, "401 Unauthorized", &format!("{{\"error\":\"who is {SECRET}?\"}}")),
        4 => answer(stream, "200 OK", &format!("data: {{\"error\":{{\"message\":\"no {SECRET}\"}}}}\n\n")),
        5 => answer(stream, "200 OK", &format!("data: {SECRET}\n\n")),
        _ => answer_keeping_alive(stream),
    });
    let folder = folder(&server.url());
    let said = Said::of(&folder, &folder.command("run x.toml").env("RUNEXP_TEST_KEY", SECRET).output().unwrap());
    let heard = server.heard();
    assert_eq!(heard.len(), 7, "{heard:?}");
    for request in &heard {
        let request = request.to_ascii_lowercase();
        assert!(request.contains(&format!("authorization: bearer {SECRET}\r\n")), "{request}");
        assert!(request.contains("x-organization: acme\r\n"), "{request}");
        assert!(request.contains(&format!("x-other: {SECRET}\r\n")), "{request}");
    }
    let requests = said.run().read("requests.jsonl");
    assert_eq!(requests.matches("[hidden]").count(), 3, "{requests}");
    let found = format!("{said}\n{}", everything_in(&folder.path(".")));
    assert!(found.contains("RUNEXP_TEST_KEY"));
    assert!(!found.contains(SECRET), "{found}");
}

#[test]
fn without_its_secret_nothing_is_started() {
    let server = ScriptedServer::start(|_, stream| answer(stream, "200 OK", "{}"));
    let folder = folder(&server.url());
    assert_snapshot!(folder.runexp("run x.toml"), @r"
    exit 3

    stdout:

    stderr:
    error: the environment variable `RUNEXP_TEST_KEY` is not set, which the header `x-other` of `guarded[0]` is read from
    help: set it: export RUNEXP_TEST_KEY=…
    ");
    let empty = folder.command("run x.toml").env("RUNEXP_TEST_KEY", "").output().unwrap();
    assert_snapshot!(Said::of(&folder, &empty), @r"
    exit 3

    stdout:

    stderr:
    error: what the environment variable `RUNEXP_TEST_KEY` holds cannot be the header `x-other` of `guarded[0]`
    help: it must be one line of visible ASCII, and not empty
    ");
    assert_eq!(server.requests(), 0);
    assert!(!folder.path("results").exists());
}

#[test]
fn a_plan_needs_no_secret_and_names_its_variable() {
    let said = folder("http://127.0.0.1:1").runexp("plan x.toml").to_string();
    let (_, section) = said.split_once("read from the environment").unwrap();
    assert_snapshot!(section.split("\n\n").next().unwrap(), @r"
    when the run begins, and never shown
     RUNEXP_TEST_KEY          for the header `x-other` of guarded[0]
     RUNEXP_TEST_KEY          for the header `authorization` of guarded[0]
    ");
}

#[test]
fn what_can_be_no_header_and_secrets_that_are_written_out_are_refused() {
    let folder = folder("http://127.0.0.1:1");
    let headers = "headers = { Authorization = \"Bearer x\", Host = \"y\", \"a b\" = \"c\", X-Key = { var = \"K\" } }";
    let scenario = folder.read("x.toml");
    let (before, after) = scenario.split_once("headers = ").unwrap();
    folder.write("x.toml", &format!("{before}{headers}\n{}", after.split_once('\n').unwrap().1));
    assert_snapshot!(folder.runexp("check x.toml"), @r#"
    exit 2

    stdout:

    stderr:
    error[E007]: the value of `Authorization` is a secret
      --> x.toml:16:29
       |
    16 | headers = { Authorization = "Bearer x", Host = "y", "a b" = "c", X-Key = { var = "K" } }
       |                             ^^^^^^^^^^
       |
       = help: write it like Authorization = { env = "NAME" }

    error[E007]: the header `host` is not the scenario's to set
      --> x.toml:16:41
       |
    16 | headers = { Authorization = "Bearer x", Host = "y", "a b" = "c", X-Key = { var = "K" } }
       |                                         ^^^^

    error[E007]: `a b` cannot be the name of a header
      --> x.toml:16:53
       |
    16 | headers = { Authorization = "Bearer x", Host = "y", "a b" = "c", X-Key = { var = "K" } }
       |                                                     ^^^^^

    error[E006]: `env` is missing
      --> x.toml:16:74
       |
    16 | headers = { Authorization = "Bearer x", Host = "y", "a b" = "c", X-Key = { var = "K" } }
       |                                                                          ^^^^^^^^^^^^^

    error[E005]: unknown key `var`
      --> x.toml:16:76
       |
    16 | headers = { Authorization = "Bearer x", Host = "y", "a b" = "c", X-Key = { var = "K" } }
       |                                                                            ^^^
       |
       = help: only `env` is known here
    checked 1 file: 5 errors, 0 warnings
    "#);
}

/// URLs with users, and two in which there is none yet.
const USERS: &str = r#"
schema = 1
name = "users"
title = "URLs that name their users"

[vars]
password = "hunter2"

[[setup]]
http = { url = "http://me:hunter2@127.0.0.1:1/reset" }

[[setup]]
wait = { http = "https://hunter2@127.0.0.1:1/ready" }

[[setup]]
pull = { model = "m", server = "http://me:{{ password }}@127.0.0.1:1" }

[[setup]]
run = ["curl", "-s", "http://me:hunter2@127.0.0.1:1/"]

[[setup]]
shell = { script = "git clone ssh://git@host/x && curl https://$USER:$TOKEN@host", env = { HTTPS_PROXY = "http://proxy:hunter2@host:3128" } }

[[server]]
name = "there"
api = "openai"
url = "http://me:hunter2@127.0.0.1:1"

[[phase]]
name = "load"
clients = 1
requests = 1
request = { prompt = "hello", max_tokens = 1 }
"#;

#[test]
fn a_user_or_a_password_in_any_url_is_refused_and_not_shown() {
    let folder = Folder::with(USERS);
    assert_snapshot!(folder.runexp("check x.toml"), @r#"
    exit 2

    stdout:

    stderr:
    error[E020]: a URL may hold no user name or password
      --> x.toml:10:16
       |
    10 | http = { url = "http://**********@127.0.0.1:PORT/reset" }
       |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: leave it out: for a server there are `bearer` and `headers`, for curl `--netrc`

    error[E020]: a URL may hold no user name or password
      --> x.toml:13:17
       |
    13 | wait = { http = "https://*******@127.0.0.1:PORT/ready" }
       |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: leave it out: for a server there are `bearer` and `headers`, for curl `--netrc`

    error[E020]: a URL may hold no user name or password
      --> x.toml:16:32
       |
    16 | pull = { model = "m", server = "http://me:{{ password }}@127.0.0.1:PORT" }
       |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: leave it out: for a server there are `bearer` and `headers`, for curl `--netrc`

    … and 3 more: a URL may hold no user name or password
    checked 1 file: 6 errors, 0 warnings
    "#);
    for words in [
        "plan x.toml",
        "check x.toml --format json",
        "run x.toml",
        "check x.toml --set server.0.url='http://a:hunter2@b'",
    ] {
        let said = folder.runexp(words);
        assert_eq!(said.code, Some(2), "{words}: {said}");
        assert!(!said.to_string().replace("password = \"hunter2\"", "").contains("hunter2"), "{words}: {said}");
    }
}
