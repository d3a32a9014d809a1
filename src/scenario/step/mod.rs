//! Steps: what is done to the machine before and after measuring.
//!
//! The kinds stand in families, one file each. A kind is a line of its
//! family's list and a struct that knows its keys, its page in the handbook
//! (its own documentation), its words for a person, and its lines for a shell.
//! What it does is in the `step` room.

/// A family of kinds: its enum, and an entry for every kind.
macro_rules! family {
    ($(#[$meta:meta])* $family:ident in StepKind::$name:ident {
        $($(#[$note:meta])* $key:literal => $variant:ident($spec:ty),)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $family {
            $($(#[$note])* #[serde(rename = $key)] $variant($spec),)+
        }

        impl $family {
            pub(super) const KINDS: &[super::KindEntry] =
                &[$(super::KindEntry::of::<$spec>($key, stringify!($name)),)+];

            pub(super) const fn key(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $key,)+
                }
            }

            pub(super) const fn kind(&self) -> &dyn super::Kind {
                match self {
                    $(Self::$variant(kind) => kind,)+
                }
            }
        }

        $(impl From<$spec> for super::StepKind {
            fn from(kind: $spec) -> Self {
                Self::$name($family::$variant(kind))
            }
        })+
    };
}

mod command;
mod gpu;
mod look;
mod machine;
mod memory_floor;
mod model;
mod reading;
mod shell;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use command::*;
pub use gpu::*;
pub use look::*;
pub use machine::*;
pub use memory_floor::MemoryFloor;
pub use model::*;
pub(super) use reading::Reading;
pub use shell::curl_words;

use crate::units::Period;

/// One step, resolved: every template rendered, `when` already decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSpec {
    /// What the author calls it; the kind if not named.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// It is stopped, and has failed, after this time.
    pub timeout: Period,
    /// How often it is tried again after a failure.
    pub retries: u32,
    /// What its failure means for the run.
    pub on_error: OnError,
    /// Whether its command runs through `sudo -n`.
    pub privileged: bool,
}

impl StepSpec {
    /// The rights it needs.
    pub fn rights(&self) -> Rights {
        if self.privileged { Rights::Sudo } else { self.kind.rights() }
    }

    /// It in one line, without its name: `[root] sync, then …`.
    pub fn words(&self) -> String {
        let words = self.kind.kind().words();
        match self.rights() {
            Rights::Own => words,
            Rights::Root => format!("[root] {words}"),
            Rights::Sudo => format!("[sudo -n] {words}"),
        }
    }

    /// Lines for a POSIX shell, in the scenario's folder, that do the same.
    ///
    /// They stand in a function of a script that says `$run_id`, `http_answers
    /// URL`, `tcp_answers URL`, `nap`, and `in_time` while the step has time.
    pub fn script(&self) -> ScriptLines {
        self.kind.kind().script(self.rights())
    }
}

/// What a failed step means for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The run ends, after teardown.
    #[default]
    Fail,
    /// It is recorded and the run goes on.
    Warn,
}

/// The kinds of step, by family. Each kind is one key in a `[[setup]]` table,
/// and in a plan: the families show in neither.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StepKind {
    /// Commands.
    Command(CommandStep),
    /// Looks at the machine and changes nothing.
    Look(LookStep),
    /// The host's own settings.
    Machine(MachineStep),
    /// The GPU's settings.
    Gpu(GpuStep),
    /// Models of a server.
    Model(ModelStep),
}

impl StepKind {
    /// Every kind, in the order of the handbook.
    pub fn entries() -> impl Iterator<Item = &'static KindEntry> {
        [CommandStep::KINDS, LookStep::KINDS, MachineStep::KINDS, GpuStep::KINDS, ModelStep::KINDS]
            .into_iter()
            .flatten()
    }

    /// The key that selects this kind in a scenario.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Command(family) => family.key(),
            Self::Look(family) => family.key(),
            Self::Machine(family) => family.key(),
            Self::Gpu(family) => family.key(),
            Self::Model(family) => family.key(),
        }
    }

    /// The rights it needs by itself.
    pub fn rights(&self) -> Rights {
        self.kind().rights()
    }

    const fn kind(&self) -> &dyn Kind {
        match self {
            Self::Command(family) => family.kind(),
            Self::Look(family) => family.kind(),
            Self::Machine(family) => family.kind(),
            Self::Gpu(family) => family.kind(),
            Self::Model(family) => family.kind(),
        }
    }
}

/// What a kind of step says of itself.
trait Kind {
    /// The key that a value fills which is not a table: `shell = "…"` is
    /// `shell = { script = "…" }`.
    fn shorthand() -> Option<&'static str>
    where
        Self: Sized,
    {
        None
    }

    /// Completes what was read, its paths for example, and notes what a type
    /// cannot refuse.
    fn settle(&mut self, _reading: &Reading<'_>) {}

    /// The rights it needs.
    fn rights(&self) -> Rights {
        Rights::Own
    }

    /// It in one line.
    fn words(&self) -> String;

    /// Lines for a shell that do the same, its commands run with `rights`.
    fn script(&self, rights: Rights) -> ScriptLines;
}

/// The rights a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rights {
    /// Those of the person who runs it.
    Own,
    /// Everything must run as root.
    Root,
    /// Its commands go through `sudo -n`.
    Sudo,
}

/// A step as lines for a POSIX shell. Each fails when its work fails. A password
/// in a URL is left out: nothing here may hold a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScriptLines {
    /// Do it.
    pub perform: Vec<String>,
    /// Prove that it took effect, where `perform` does not already.
    pub check: Vec<String>,
    /// Take it back.
    pub undo: Vec<String>,
}

/// A kind, for whoever lists them: a schema, a handbook.
#[derive(Clone, Copy, Debug)]
pub struct KindEntry {
    /// Its key, `drop_caches`.
    pub key: &'static str,
    /// Its family, `Machine`.
    pub family: &'static str,
    /// What may stand under the key; its `description` is the kind's page.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    read: fn(&Reading<'_>) -> Option<StepKind>,
}

impl KindEntry {
    const fn of<K>(key: &'static str, family: &'static str) -> Self
    where
        K: Kind + DeserializeOwned + JsonSchema + Into<StepKind>,
    {
        Self { key, family, schema: schema::<K>, read: read::<K> }
    }

    pub(super) fn read(&self, reading: &Reading<'_>) -> Option<StepKind> {
        (self.read)(reading)
    }
}

fn read<K: Kind + DeserializeOwned + Into<StepKind>>(reading: &Reading<'_>) -> Option<StepKind> {
    let mut kind: K = reading.decode(K::shorthand())?;
    kind.settle(reading);
    Some(kind.into())
}

/// The table's schema, or what its shorthand may be.
fn schema<K: Kind + JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut table = K::json_schema(generator);
    let Some(short) = K::shorthand().and_then(|key| table.pointer(&format!("/properties/{key}")).cloned()) else {
        return table;
    };
    let description = table.remove("description");
    schemars::json_schema!({ "description": description, "anyOf": [short, table] })
}
