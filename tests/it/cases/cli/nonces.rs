//! A server that was there before the run, and remembers what it was asked.

use std::collections::BTreeSet;
use std::net::TcpStream;

use super::folder::Folder;
use crate::support::{ScriptedServer, answer, chunk, end, stream_head, token};

fn serve(heard: &str, stream: &mut TcpStream) {
    if !heard.starts_with("POST") {
        return answer(stream, "200 OK", "{\"data\":[{\"id\":\"m\"}]}");
    }
    stream_head(stream);
    chunk(stream, &token("a"));
    chunk(stream, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n");
    end(stream);
}

/// Else all that the second run asks would come from the server's prompt cache.
#[test]
fn no_prompt_of_a_run_is_one_of_the_same_scenario_before_it() {
    let server = ScriptedServer::start_hearing(serve);
    let folder = Folder::with(&format!(
        "schema = 1\nname = \"again\"\ndesign = {{ repetitions = 1, rerun = 0 }}\ntelemetry = {{ gpu = \"off\" }}\n\
         [[server]]\nname = \"old\"\napi = \"openai\"\nmodel = \"m\"\nurl = \"{}\"\npreload = true\n\
         [[phase]]\nname = \"load\"\nclients = 1\nrequests = 3\nrequest = {{ prompt = \"Why?\", max_tokens = 4 }}\n",
        server.url()
    ));
    for _ in 0..2 {
        folder.runexp("x.toml --quiet");
    }
    let loads: Vec<String> = server.heard().into_iter().filter(|heard| heard.contains("Why?")).collect();
    let bodies: BTreeSet<&str> = loads.iter().filter_map(|heard| heard.split("\r\n\r\n").nth(1)).collect();
    assert_eq!((loads.len(), bodies.len()), (6, 6), "{loads:#?}");
}
