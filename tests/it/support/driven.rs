//! The load driver on the one phase of a scenario.

use std::path::Path;
use std::sync::{Arc, Mutex};

use runexp::clock::Clock;
use runexp::load::{Target, Workload, drive};
use runexp::plan::{Choices, expand};
use runexp::record::{CellKey, RequestRecord};
use runexp::scenario::{Bindings, Endpoint, LoadOptions, ServerSpec, load_frozen};
use tokio_util::sync::CancellationToken;

/// A phase that asks one OpenAI server.
pub(crate) struct Phase {
    server: ServerSpec,
    workload: Workload,
}

impl Phase {
    /// Of these lines, which hold all but the name.
    pub(crate) fn of(lines: &str) -> Self {
        let text = format!(
            "schema = 1\nname = \"one\"\ntitle = \"One phase\"\n\
             [[server]]\nname = \"scripted\"\napi = \"openai\"\nurl = \"http://127.0.0.1:1\"\nmodel = \"m\"\n\
             [[phase]]\nname = \"test\"\n{lines}\n"
        );
        let scenario = load_frozen(&text, &LoadOptions { set: &[], profile: None, metrics: &[], times: &[] }).unwrap();
        let bindings = Bindings { run_id: "run".to_owned(), run_dir: Path::new("/").to_owned(), ports: Vec::new() };
        let plan = expand(&scenario, &Choices { bindings: &bindings, seed: None, only: &[] }).unwrap();
        let (cell, spec) = plan.cells.first().unwrap();
        let key = CellKey { cell: cell.clone(), block: 0, epoch: 0, probe: None };
        let workload = Workload {
            key,
            spec: spec.clone(),
            seed: 1,
            nonces: 1,
            prompts: vec!["hello".to_owned().into()],
            trace: Vec::new(),
        };
        Self { server: plan.epochs[0].servers[0].clone(), workload }
    }

    /// Asks for another model.
    pub(crate) fn asking(&self, model: String) -> Self {
        let server = ServerSpec { model: Some(model), ..self.server.clone() };
        Self { server, workload: self.workload.clone() }
    }

    /// Drives it against the server at `url`; every record, as they came.
    pub(crate) async fn drive(self, url: &str) -> Vec<RequestRecord> {
        let Self { server, workload } = self;
        let records = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&records);
        let sink = Arc::new(move |record| taken.lock().unwrap().push(record));
        let target = Target::new(&server, url, Endpoint::Chat, workload.spec.request.stall.duration(), &[]).unwrap();
        let clock = Clock::start();
        drive(workload, vec![target], clock, clock.now(), sink, &CancellationToken::new()).await.unwrap();
        records.lock().unwrap().clone()
    }
}

/// The runtime that drives it.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
