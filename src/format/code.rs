//! The kinds of problem a scenario can have.

use serde::Serialize;

/// Whether a scenario with this problem can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but it will not do what its author probably wants.
    Warning,
}

/// The kinds of problem a scenario can have; its letter is its severity, E for
/// an error and W for a warning. A number never changes its meaning; new kinds
/// are put at the end of their letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// E001: a file cannot be read, is too large, or is not UTF-8.
    Unreadable,
    /// E002: a file is not TOML.
    Syntax,
    /// E003: an `include` goes round in a loop or leaves the scenario's folder.
    Include,
    /// E004: the file's format version is not one this program knows.
    Schema,
    /// E005: a key that means nothing where it stands.
    UnknownKey,
    /// E006: a key that must be there is not.
    MissingKey,
    /// E007: a value of the wrong type, or one that cannot be understood.
    Value,
    /// E008: a number, or an amount of something, outside its bounds.
    Bounds,
    /// E009: keys that exclude each other, or one of several that must be given.
    Choice,
    /// E010: two things with one name.
    Duplicate,
    /// E011: a template uses a name that is not defined.
    UndefinedName,
    /// E012: a template cannot be parsed or computed.
    Template,
    /// E013: a server, factor, level, metric or profile that does not exist.
    UnknownReference,
    /// E014: a factor that changes nothing.
    UnusedFactor,
    /// E015: a `--set` or a profile that addresses nothing.
    Override,
    /// E016: a prompt file with a line that is no prompt.
    Prompts,
    /// E017: more server instances than ports.
    Ports,
    /// E018: two server instances at one address.
    Address,
    /// E019: a trace with a line that is no arrival.
    Trace,
    /// E020: a URL that names its user, and so may hold a password.
    UserInfo,
    /// E021: a published figure that can be read as two different numbers.
    AmbiguousFigure,
    /// W001: a claim or the baseline speaks of a cell that this scenario does
    /// not have.
    NoSuchCell,
    /// W002: fewer repetitions than a claim's tolerance takes.
    FewRepetitions,
}

impl Code {
    /// Every kind, by number.
    pub const ALL: &[Self] = &[
        Self::Unreadable,
        Self::Syntax,
        Self::Include,
        Self::Schema,
        Self::UnknownKey,
        Self::MissingKey,
        Self::Value,
        Self::Bounds,
        Self::Choice,
        Self::Duplicate,
        Self::UndefinedName,
        Self::Template,
        Self::UnknownReference,
        Self::UnusedFactor,
        Self::Override,
        Self::Prompts,
        Self::Ports,
        Self::Address,
        Self::Trace,
        Self::UserInfo,
        Self::AmbiguousFigure,
        Self::NoSuchCell,
        Self::FewRepetitions,
    ];

    /// `E001` and so on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "E001",
            Self::Syntax => "E002",
            Self::Include => "E003",
            Self::Schema => "E004",
            Self::UnknownKey => "E005",
            Self::MissingKey => "E006",
            Self::Value => "E007",
            Self::Bounds => "E008",
            Self::Choice => "E009",
            Self::Duplicate => "E010",
            Self::UndefinedName => "E011",
            Self::Template => "E012",
            Self::UnknownReference => "E013",
            Self::UnusedFactor => "E014",
            Self::Override => "E015",
            Self::Prompts => "E016",
            Self::Ports => "E017",
            Self::Address => "E018",
            Self::Trace => "E019",
            Self::UserInfo => "E020",
            Self::AmbiguousFigure => "E021",
            Self::NoSuchCell => "W001",
            Self::FewRepetitions => "W002",
        }
    }

    /// What its letter says.
    pub const fn severity(self) -> Severity {
        match self {
            Self::NoSuchCell | Self::FewRepetitions => Severity::Warning,
            Self::Unreadable
            | Self::Syntax
            | Self::Include
            | Self::Schema
            | Self::UnknownKey
            | Self::MissingKey
            | Self::Value
            | Self::Bounds
            | Self::Choice
            | Self::Duplicate
            | Self::UndefinedName
            | Self::Template
            | Self::UnknownReference
            | Self::UnusedFactor
            | Self::Override
            | Self::Prompts
            | Self::Ports
            | Self::Address
            | Self::Trace
            | Self::UserInfo
            | Self::AmbiguousFigure => Severity::Error,
        }
    }
}
