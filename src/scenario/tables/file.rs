//! The file as a whole, and its sections that have no noun of their own.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::super::model::audit::{DataSheet, ModelReads, Relation};
use super::super::model::claim::Document;
use super::super::model::design::Design;
use super::super::model::factor::{Level, Selector};
use super::super::model::telemetry::Telemetry;
use super::claim::Claim;
use super::phase::Phase;
use super::server::Server;
use super::step::Step;
use crate::format::table;
use crate::names::{MetricId, PhaseName, ScenarioName};
use crate::units::Share;

table! {
    /// An experiment on model servers: what to set up, which servers to start,
    /// which load to put on them, and what was published about it. A file without
    /// `schema` and `name` is one that others include.
    #[derive(JsonSchema)]
    #[schemars(title = "runexp scenario", deny_unknown_fields)]
    #[schemars(extend("if" = json!({ "anyOf": [{ "required": ["schema"] }, { "required": ["name"] }] })))]
    #[schemars(extend("then" = json!({
        "required": ["schema", "name"],
        "anyOf": [{ "required": ["include"] }, { "required": ["server", "phase"] }],
    })))]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(crate) struct ScenarioFile as pub(in crate::scenario) ScenarioKeys {
        /// The version of this format: 1.
        #[schemars(extend("const" = 1))]
        schema: Option<i64>,
        /// The scenario's name, also the folder of its runs under `results/`.
        name: Option<ScenarioName>,
        /// One line for people; the name if left out.
        title: Option<String>,
        /// Files laid under this one, relative to it, `servers/{{ server }}.toml`
        /// say. Later files win; `[[server]]` and the like append.
        include: Option<Vec<String>>,
        /// Where relative paths start; the scenario's folder if left out.
        dir: Option<String>,
        /// Values by name, for templates: `{{ model }}`. `--set vars.model=…`
        /// changes one. They may use each other, and factors.
        vars: Option<IndexMap<String, Value>>,
        /// What is varied: each factor with its levels. Every combination is one
        /// treatment, and a factor's name is a variable in templates.
        factors: Option<IndexMap<String, Vec<Level>>>,
        /// Combinations of levels that are left out.
        exclude: Option<Vec<Selector>>,
        /// How often, in which order, against what.
        design: Option<Design>,
        /// Programs that may compute on a GPU beside the run, as `ps -o comm` names
        /// them: `["Xorg"]`. With any other the run is refused, before it changes
        /// anything and before every epoch. Only processes that compute count, not
        /// those that draw. What a Compose step of `[[setup]]` lets compute must be
        /// named too.
        foreign_gpu_processes: Option<Vec<String>>,
        /// How GPUs are watched while they are measured.
        telemetry: Option<Telemetry>,
        /// Servers under test, one table for any number of alike instances.
        server: Option<Vec<Server>>,
        /// Steps before the first epoch. Each is undone by itself at the end.
        setup: Option<Vec<Step>>,
        /// What is done for each life of the servers.
        epoch: Option<Epoch>,
        /// What is sent, how often, for how long; measured one after the other in
        /// every epoch.
        phase: Option<Vec<Phase>>,
        /// Extra steps after the last epoch. What was set up is undone without
        /// being named here.
        teardown: Option<Vec<Step>>,
        /// Published numbers, each checked against what is measured.
        claim: Option<Vec<Claim>>,
        /// The documents that claims stand in, and the system that each speaks of.
        document: Option<Vec<Document>>,
        /// What `runexp audit` needs beside the claims; a run does without.
        audit: Option<AuditTables>,
        /// What follows from the figures.
        decision: Option<Decision>,
        /// Changes by name, laid over the file by `--profile NAME`.
        profile: Option<IndexMap<String, Profile>>,
    }
}

table! {
    /// What is done for each life of the servers.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Epoch as pub(in crate::scenario) EpochKeys {
        /// Steps before the servers of every epoch; `when` may speak of factors.
        setup: Option<Vec<Step>>,
    }
}

table! {
    /// What `runexp audit` needs beside the claims, to hold published numbers
    /// against each other and against what a machine can do.
    #[derive(JsonSchema)]
    #[schemars(rename = "Audit", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct AuditTables as pub(in crate::scenario) AuditKeys {
        /// The machines that claims speak of, by their data sheets.
        system: Option<Vec<DataSheet>>,
        /// The models that were measured.
        model: Option<Vec<ModelReads>>,
        /// Claims that follow from others, where their metrics and cells do not
        /// say so by themselves.
        relation: Option<Vec<Relation>>,
    }
}

table! {
    /// What follows from the figures.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Decision as pub(in crate::scenario) DecisionKeys {
        /// What is to be as high as it can be; `output_throughput` if left out, or
        /// what the phases search for.
        maximise: Option<MetricId>,
        /// What is to be as low as it can be, in place of `maximise`.
        minimise: Option<MetricId>,
        /// What every option must keep to, at the same load: `"ttft_p50 < 300ms"`,
        /// `"attainment > 95%"`.
        subject_to: Option<Vec<String>>,
        /// The load to decide at: `{ phase = "concurrent", clients = 3 }`. If left
        /// out, the first phase with clients, at the most that every treatment has.
        load: Option<LoadChoice>,
        /// The practical margin: a smaller advantage is none; `3%` if left out.
        margin: Option<Share>,
        /// Recommendations, each bound to intervals of what is measured.
        rule: Option<Vec<Rule>>,
    }
}

table! {
    /// A load to decide at; what is left out is chosen.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct LoadChoice {
        /// A phase.
        phase: Option<PhaseName>,
        /// Clients of a closed loop.
        clients: Option<u32>,
        /// Requests per second of an open loop.
        rate: Option<f64>,
    }
}

table! {
    /// A recommendation, bound to intervals.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub(in crate::scenario) struct Rule as pub(in crate::scenario) RuleKeys {
        /// What to do if it holds.
        recommend: String,
        /// An expression over `ratio(metric, {…}, {…})` and `value(metric, {…})`,
        /// each with its `estimate`, `lower` and `upper`.
        when: String,
        /// Why that follows.
        because: String,
    }
}

/// Changes to any section. Tables go together key by key, an element of a list
/// is addressed by its position from 0 (`phase.0.duration = "2s"`), anything
/// else is replaced. `runexp run --profile NAME` checks the outcome.
#[derive(JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::scenario) struct Profile(IndexMap<String, Value>);
