//! The two clients: the driver as a run uses it, and bare sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use memchr::memmem::Finder;
use runexp::clock::Clock;
use runexp::load::{Target, Workload, drive};
use runexp::plan::{Choices, expand};
use runexp::record::{CellKey, RequestRecord};
use runexp::scenario::{Bindings, Endpoint, LoadOptions, load_frozen};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::{CLIENTS, Count, Failure, LENGTH};

/// Requests whose allocations are counted.
const COUNTED: u64 = 3200;

/// What a request asks, head and body, for the client that does not build it.
const BODY: &str = r#"{"model":"tiny","messages":[{"role":"user","content":"[01234567] Say something."}],"max_tokens":128,"temperature":0.0,"stream":true,"stream_options":{"include_usage":true}}"#;

/// A thread a connection; counts events, reads nothing else.
pub(crate) fn raw(server: &Server) -> Result<Count, Failure> {
    let deadline = Instant::now() + LENGTH;
    let address = server.address;
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| thread::spawn(move || raw_connection(TcpStream::connect(address)?, deadline))).collect();
    let mut total = Count::default();
    for client in clients {
        let count = client.join().map_err(|_| "a client's thread panicked")??;
        total = Count { requests: total.requests + count.requests, events: total.events + count.events };
    }
    Ok(total)
}

fn raw_connection(mut stream: TcpStream, deadline: Instant) -> Result<Count, Failure> {
    stream.set_nodelay(true)?;
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let event = Finder::new("\ndata: ");
    let mut room = vec![0; 64 << 10];
    let mut count = Count::default();
    while Instant::now() < deadline {
        stream.write_all(request.as_bytes())?;
        let mut filled = 0;
        while !room[..filled].ends_with(b"\r\n0\r\n\r\n") {
            match stream.read(&mut room[filled..])? {
                0 => return Err("the reply does not end".into()),
                read => filled += read,
            }
        }
        count.requests += 1;
        count.events += event.find_iter(&room[..filled]).count() as u64;
    }
    Ok(count)
}

/// The load driver, on the runtime that `runexp run` uses.
pub(crate) fn driver(server: &Server) -> Result<Count, Failure> {
    let (workload, target) = planned(server, &format!("duration = \"{LENGTH:?}\""))?;
    drive_on(&Runtime::new()?, server, workload, target)
}

/// Heap allocations of the load driver for a request, on a runtime whose one
/// thread is this one: what the server allocates is not in it.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn allocations(server: &Server) -> Result<f64, Failure> {
    let (workload, target) = planned(server, &format!("requests = {COUNTED}"))?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut count = Ok(Count::default());
    let heap = allocation_counter::measure(|| count = drive_on(&runtime, server, workload, target));
    Ok(heap.count_total as f64 / count?.requests as f64)
}

fn drive_on(runtime: &Runtime, server: &Server, workload: Workload, target: Target) -> Result<Count, Failure> {
    let (requests, tokens) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counted = (Arc::clone(&requests), Arc::clone(&tokens));
    let sink = Arc::new(move |record: RequestRecord| {
        if record.outcome.is_success() {
            counted.0.fetch_add(1, Ordering::Relaxed);
            counted.1.fetch_add(record.chunks.total_events(), Ordering::Relaxed);
        }
    });
    let clock = Clock::start();
    let stop = CancellationToken::new();
    runtime.block_on(drive(workload, vec![target], clock, clock.now(), sink, &stop))?;
    let (requests, tokens) = (requests.load(Ordering::Relaxed), tokens.load(Ordering::Relaxed));
    let expected = requests * server.tokens;
    if requests == 0 || tokens != expected {
        return Err(format!("{tokens} tokens in {requests} replies, where {expected} were sent").into());
    }
    Ok(Count { requests, events: requests * server.events() })
}

/// The one cell of a scenario with this server and length, and where it goes.
fn planned(server: &Server, length: &str) -> Result<(Workload, Target), Failure> {
    let url = format!("http://{}", server.address);
    let text = format!(
        r#"
        schema = 1
        name = "wire"
        title = "The wire's limit"

        [[server]]
        name = "still"
        api = "openai"
        url = "{url}"
        model = "tiny"

        [[phase]]
        name = "load"
        clients = {CLIENTS}
        {length}
        request = {{ prompt = "Say something.", max_tokens = 128 }}
        "#
    );
    let scenario = load_frozen(&text, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] })?;
    let bindings = Bindings { run_id: "wire".to_owned(), run_dir: PathBuf::from("/"), ports: Vec::new() };
    let plan = expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] })?;
    let (cell, spec) = plan.cells.first().ok_or("the plan has no cell")?;
    let server = plan.epochs[0].servers.first().ok_or("the plan has no server")?;
    let target = Target::new(server, &url, Endpoint::Chat, spec.request.stall.duration(), &[])?;
    let key = CellKey { cell: cell.clone(), block: 0, epoch: 0, probe: None };
    let workload = Workload {
        key,
        spec: spec.clone(),
        seed: 1,
        nonces: 1,
        prompts: vec!["Say something.".to_owned().into()],
        trace: Vec::new(),
    };
    Ok((workload, target))
}
