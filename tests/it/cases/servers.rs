//! Servers as real `sh` children: readiness, death, restart and stopping.
#![expect(clippy::disallowed_methods, reason = "a test of effects has effects")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use insta::assert_snapshot;
use runexp::clock::Clock;
use runexp::dialect::Api;
use runexp::host::free_ports;
use runexp::names::ServerName;
use runexp::process::{ForcedShutdown, Unannounced, is_same_and_alive, pid_is_alive};
use runexp::record::{UndoEntry, UndoState};
use runexp::scenario::{Processes, Ready, ServerOrigin, ServerSpec, Stop};
use runexp::server::{RunningServer, ServerContext, ServerError, start};
use runexp::signal::StopSignal;
use runexp::text::with_causes;
use runexp::undo::UndoStack;
use runexp::units::Period;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct World<J> {
    dir: TempDir,
    log: PathBuf,
    env: IndexMap<String, String>,
    clock: Clock,
    cancel: CancellationToken,
    undo: UndoStack<J>,
}

fn world() -> World<impl FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>> {
    let dir = TempDir::new().unwrap();
    World {
        log: dir.path().join("server.log"),
        env: IndexMap::from([("FROM_MPS".to_owned(), "a pipe".to_owned())]),
        clock: Clock::start(),
        cancel: CancellationToken::new(),
        undo: UndoStack::new(dir.path().join("undo.log"), ForcedShutdown::default(), |_: &UndoEntry, _: &UndoState| {
            Ok(())
        }),
        dir,
    }
}

impl<J: FnMut(&UndoEntry, &UndoState) -> Result<(), Unannounced>> World<J> {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where a server is started, and the stack beside it.
    fn parts(&mut self) -> (ServerContext<'_>, &mut UndoStack<J>) {
        let Self { dir, log, env, clock, cancel, undo } = self;
        // What a run has started is known by its id, so each test is a run.
        let run_id = dir.path().file_name().unwrap().to_str().unwrap();
        (ServerContext { dir: dir.path(), log, run_id, env, headers: &[], clock: *clock, cancel }, undo)
    }

    async fn start(&mut self, spec: &ServerSpec) -> Result<RunningServer, ServerError> {
        let (context, undo) = self.parts();
        start(spec, &context, undo).await
    }
}

/// A script that is ready when its log has a line that begins with `ready`.
fn server(script: &str) -> ServerSpec {
    ServerSpec {
        name: ServerName::new("fake").unwrap(),
        index: 1,
        api: Api::Ollama,
        origin: ServerOrigin::Run {
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            env: IndexMap::from([("OWN".to_owned(), "mine".to_owned())]),
            dir: None,
            port: free_ports(1).unwrap()[0],
        },
        ready: Ready { http: None, log: Some("^ready".to_owned()), within: Period::from_secs(20) },
        preload: None,
        stop: Stop { signal: StopSignal::Term, within: Period::from_secs(20) },
        model: None,
        headers: Vec::new(),
        source_addresses: Vec::new(),
        slots: None,
    }
}

fn milliseconds(milliseconds: u64) -> Period {
    Duration::from_millis(milliseconds).into()
}

fn port(spec: &ServerSpec) -> u16 {
    let ServerOrigin::Run { port, .. } = spec.origin else { unreachable!("only processes here") };
    port
}

fn pid_in(path: &Path) -> Option<u32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[tokio::test]
async fn a_server_is_ready_by_its_log_and_stops_when_asked() {
    let mut world = world();
    let spec = server(r#"echo loading; echo "ready with $FROM_MPS and $OWN"; exec sleep 1000"#);
    let mut running = world.start(&spec).await.unwrap();
    let identity = running.identity.clone().unwrap();
    assert!(is_same_and_alive(&identity) && running.exited().is_none());
    assert!(running.started_ns < running.ready_ns);
    assert_eq!(std::fs::read_to_string(&world.log).unwrap(), "loading\nready with a pipe and mine\n");
    assert_snapshot!(running.stop().await.unwrap(), @"signal: 15 (SIGTERM)");
    assert!(!is_same_and_alive(&identity));
    assert!(world.undo.unwind().await.is_empty());
}

#[tokio::test]
async fn a_server_that_dies_while_loading_is_told_with_its_last_words() {
    let spec = server(
        r#"for i in 1 2 3 4 5 6 7 8 9 10 11; do echo "line $i"; done; printf 'out of \033[1mmemory\n' >&2; exit 3"#,
    );
    let error = world().start(&spec).await.err().unwrap();
    assert_snapshot!(error, @"
    `fake[1]` ended while it was starting (exit status: 3); the last lines of its log:
        line 3
        line 4
        line 5
        line 6
        line 7
        line 8
        line 9
        line 10
        line 11
        out of [1mmemory
    ");
}

#[tokio::test]
async fn a_server_that_never_gets_ready_is_stopped() {
    let mut world = world();
    let mut spec = server("echo $$ > pid; echo loading; exec sleep 1000");
    spec.ready.within = milliseconds(700);
    let error = world.start(&spec).await.err().unwrap();
    assert_snapshot!(error, @"
    `fake[1]` was not ready within 700ms: no line of its log matches `^ready`; the last lines of its log:
        loading
    ");
    assert!(!pid_is_alive(pid_in(&world.path("pid")).unwrap()));
}

#[tokio::test]
async fn a_server_is_ready_only_when_its_page_answers_well() {
    let mut world = world();
    let mut spec = server("touch up; exec sleep 1000");
    spec.ready = Ready { http: Some("/health".to_owned()), log: None, within: Period::from_secs(20) };
    let (up, port) = (world.path("up"), port(&spec));
    let page = std::thread::spawn(move || {
        while !up.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let answers = ["503 Loading", "200 OK"];
        answers.map(|status| {
            let mut stream = listener.accept().unwrap().0;
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            String::from_utf8_lossy(&request[..length]).lines().next().unwrap_or_default().to_owned()
        })
    });
    let running = world.start(&spec).await.unwrap();
    assert_eq!(running.url, format!("http://127.0.0.1:{port}"));
    assert_eq!(page.join().unwrap(), ["GET /health HTTP/1.1"; 2]);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_said_before_anything_starts() {
    let mut world = world();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port();
    let mut spec = server("touch started");
    let ServerOrigin::Run { port, .. } = &mut spec.origin else { unreachable!("a process") };
    *port = taken;
    let error = world.start(&spec).await.err().unwrap().to_string();
    assert_snapshot!(error.replace(&taken.to_string(), "PORT"), @"`fake[1]` cannot be started: port PORT is taken");
    assert!(!world.path("started").exists());
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let mut spec = server("");
    let ServerOrigin::Run { argv, .. } = &mut spec.origin else { unreachable!("a process") };
    *argv = vec!["no-such-server".to_owned()];
    let error = world().start(&spec).await.err().unwrap();
    assert_snapshot!(with_causes(&error), @"`fake[1]` cannot be started: `no-such-server`: No such file or directory (os error 2)");
}

#[tokio::test]
async fn a_server_that_ignores_sigterm_is_killed() {
    let mut spec = server("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    spec.stop.within = milliseconds(300);
    let running = world().start(&spec).await.unwrap();
    let identity = running.identity.clone().unwrap();
    assert_snapshot!(running.stop().await.unwrap(), @"signal: 9 (SIGKILL); SIGKILL was needed after 300ms");
    assert!(!is_same_and_alive(&identity));
}

#[tokio::test]
async fn a_child_that_outlives_its_server_is_killed_with_the_group() {
    let mut world = world();
    let script = r#"(sh -c 'trap "" TERM; echo $$ > child; while :; do sleep 0.05; done' &)
        until test -s child; do sleep 0.01; done; echo ready; exec sleep 1000"#;
    let mut spec = server(script);
    spec.stop.within = milliseconds(300);
    let running = world.start(&spec).await.unwrap();
    let child = pid_in(&world.path("child")).unwrap();
    assert!(pid_is_alive(child));
    assert_snapshot!(running.stop().await.unwrap(), @"signal: 15 (SIGTERM); SIGKILL was needed after 300ms");
    assert!(!pid_is_alive(child));
}

#[tokio::test]
async fn a_server_that_is_dropped_is_still_stopped_by_its_undo() {
    let mut world = world();
    let spec = server("sleep 1000 & echo $! > child; echo ready; wait");
    drop(world.start(&spec).await.unwrap());
    assert!(world.undo.unwind().await.is_empty());
    assert!(!pid_is_alive(pid_in(&world.path("child")).unwrap()));
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_comes_back_on_its_port() {
    let mut world = world();
    let spec = server("echo ready; exec sleep 1000");
    let mut running = world.start(&spec).await.unwrap();
    let (first, url) = (running.identity.clone(), running.url.clone());
    running.kill(StopSignal::Kill, Processes::All).await.unwrap();
    let how = loop {
        match running.exited() {
            Some(how) => break how,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert_snapshot!(how, @"signal: 9 (SIGKILL)");
    let (context, undo) = world.parts();
    running.restart(&context, undo).await.unwrap();
    assert!(running.identity != first && running.url == url && running.exited().is_none());
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_start_leaves_nothing_alive() {
    let mut world = world();
    let spec = server("echo $$ > pid; exec sleep 1000");
    let (pid, cancel) = (world.path("pid"), world.cancel.clone());
    let watcher = tokio::spawn(async move {
        while pid_in(&pid).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
        pid_in(&pid)
    });
    let error = world.start(&spec).await.err().unwrap();
    assert_snapshot!(error, @"the start of `fake[1]` was cancelled");
    assert!(!pid_is_alive(watcher.await.unwrap().unwrap()));
}

#[tokio::test]
async fn a_server_of_somebody_else_is_asked_but_never_touched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut spec = server("");
    spec.origin = ServerOrigin::Url { url: format!("http://me:secret@127.0.0.1:{port}/") };
    spec.ready.log = None;
    let mut running = world().start(&spec).await.unwrap();
    assert_eq!(running.shown_url(), format!("http://127.0.0.1:{port}"));
    assert!(running.identity.is_none() && running.exited().is_none());
    let error = running.kill(StopSignal::Kill, Processes::All).await.unwrap_err();
    assert_snapshot!(error, @"`fake[1]` is not a process of this run, so it cannot be signalled or restarted");
    assert_eq!(running.stop().await.unwrap(), "left as it was");
}
