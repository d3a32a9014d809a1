//! What each code means, at more length than a problem has room for. The pages
//! of `scenarios/reference/codes.md`, and what `runexp explain E005` prints.

use crate::format::Code;

/// Markdown: what is meant, how it comes about, what to do. Its first line
/// says it in a few words.
pub(super) const fn explanation(code: Code) -> &'static str {
    match code {
        Code::Unreadable => UNREADABLE,
        Code::Syntax => SYNTAX,
        Code::Include => INCLUDE,
        Code::Schema => SCHEMA,
        Code::UnknownKey => UNKNOWN_KEY,
        Code::MissingKey => MISSING_KEY,
        Code::Value => VALUE,
        Code::Bounds => BOUNDS,
        Code::Choice => CHOICE,
        Code::Duplicate => DUPLICATE,
        Code::UndefinedName => UNDEFINED_NAME,
        Code::Template => TEMPLATE,
        Code::UnknownReference => UNKNOWN_REFERENCE,
        Code::UnusedFactor => UNUSED_FACTOR,
        Code::Override => OVERRIDE,
        Code::Prompts => PROMPTS,
        Code::Ports => PORTS,
        Code::Address => ADDRESS,
        Code::Trace => TRACE,
        Code::UserInfo => USER_INFO,
        Code::AmbiguousFigure => AMBIGUOUS_FIGURE,
        Code::NoSuchCell => NO_SUCH_CELL,
        Code::FewRepetitions => FEW_REPETITIONS,
    }
}

const UNREADABLE: &str = "A file cannot be read, is too large, or is not UTF-8.

It is the scenario, a file of its `include`, a prompt file or a Compose file. Paths in a scenario are relative to the
scenario's folder; paths in `include` are relative to the file that includes. A TOML file may have 1 MiB, a prompt file
64 MiB.";

const SYNTAX: &str = "A file is not TOML.

All syntax errors of a file are shown at once, and nothing else is: what is not TOML cannot be judged. A text with
backslashes, a regular expression say, goes in 'single quotes'. The format is described on <https://toml.io>.";

const INCLUDE: &str = "An `include` goes round in a loop or leaves the scenario's folder.

Only files in the scenario's folder and below it are read, 100 at most, so that a scenario can be handed on with its
folder. A file that is included twice is read once.";

const SCHEMA: &str = "The file's format version is not one this program knows.

    schema = 1

The number changes when an older program would misunderstand a file. A larger one than this program's asks for a newer
program.";

const UNKNOWN_KEY: &str = "A key that means nothing where it stands.

A misspelt key would otherwise silently leave its default in place, and the experiment would measure something else
than its author thinks. The advice names the nearest known key, or those that are known there.";

const MISSING_KEY: &str = "A key that must be there is not.

The caret shows the table that needs it. The same code is used when a `when` leaves a treatment without any server, or
without any phase; the advice names that treatment.";

const VALUE: &str = "A value of the wrong type, or one that cannot be understood.

    duration = 60        # wrong: 60 of what?
    duration = \"60s\"     # right

Times carry a unit (`250ms`, `30s`, `5m`), shares a percent sign or are fractions (`70%`, `0.7`), amounts of data a unit
of 1000s or of 1024s (`4.9GB`, `24GiB`). A text that is wholly one `{{ … }}` has the type of what it computes.";

const BOUNDS: &str = "A number, or an amount of something, outside its bounds.

Bounds keep a slip from becoming a run of a year: clients, rates, requests, retries, instances of a server, combinations
of levels and the depth of tables have each a generous one, and the message names it. An empty list where something is
needed has this code too.";

const CHOICE: &str = "Keys that exclude each other, or one of several that must be given.

A step has exactly one kind key, a server one of `run`, `compose` and `url`, a phase one of `clients`, `rate`, `find` and an
`arrival` with a `trace`, and one of `duration` and `requests`, a request one of `prompts`,
`prompt` and `prompt_tokens`.";

const DUPLICATE: &str = "Two things with one name.

Servers, phases and claims are told apart by name, load levels and levels by value. A factor may not have the name of a
variable, and neither may be called `run`, `port`, `index`, `phase`, `clients` or `rate`: those have a meaning of their
own.";

const UNDEFINED_NAME: &str = "A template uses a name that is not defined.

    run = [\"ollama\", \"serve\", \"--port\", \"{{ prot }}\"]

Known are the variables of `[vars]`, the factors (in servers, phases and `[[epoch.setup]]`: the steps before and after
all epochs belong to no treatment), `port`, `index` and its own
`slots` inside a server, and `run.id` and `run.dir`.";

const TEMPLATE: &str = "A template cannot be parsed or computed.

Templates are [minijinja](https://docs.rs/minijinja) expressions between `{{` and `}}`; `when` is one without braces.
Variables may use each other, but not in a circle.";

const UNKNOWN_REFERENCE: &str = "A server, factor, level, metric or profile that does not exist.

What is named must be declared: the servers of a `request` and of a `fault`, the levels in `baseline`, `exclude` and
`where`, the metric of a claim, the profile of `--profile`. A fault can only kill an instance that exists in every
treatment its phase is measured in, and that the run has started itself; `when` leaves the phase out elsewhere.";

const UNUSED_FACTOR: &str = "A factor that changes nothing.

Its treatments would differ in name only, and the report would compare a thing with itself. Use the factor in a server,
a phase or an `[[epoch.setup]]`, as `{{ name }}` or in a `when`, or leave it out.";

const OVERRIDE: &str = "A `--set` or a profile that addresses nothing.

    --set vars.model=llama3.1:8b      # a word is text
    --set design.repetitions=3        # anything else is TOML
    --set phase.0.duration=5s         # elements of lists by position, from 0

Variables and factors must be there already, so that a misspelt name is noticed.";

const PROMPTS: &str = "A prompt file with a line that is no prompt.

What a file is, its content says, whatever it is called: JSON with an object a line, or one list of objects; CSV, if its
first line names columns, `prompt` among them; conversations in the form of ShareGPT; a trace of Mooncake, BurstGPT or
Azure, for its lengths. Text, one prompt a line, cannot say so itself: a file `.txt` is read as text, any other by
`format = \"text\"`, and neither if a line of it is a JSON object, or a list of more than numbers: `42` and `[1, 2, 3]` are
texts like any other there. No prompt may be empty, but beside an image. `runexp plan` shows what each file was taken for.

    {\"prompt\": \"Why is the sky blue?\", \"max_tokens\": 64}
    {\"prompt\": \"What is this?\", \"images\": [\"iVBORw0KGgo…\"]}
    {\"messages\": [{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", \"content\": \"Why?\"}]}
    {\"turns\": [\"Why is the sky blue?\", \"And in the evening?\"], \"system\": \"Be brief.\"}
    {\"prompt_tokens\": 512, \"max_tokens\": 64}
    {\"conversations\": [{\"from\": \"human\", \"value\": \"Why is the sky blue?\"}, {\"from\": \"gpt\", \"value\": \"…\"}]}

An object says something by one of `prompt`, `messages`, `turns` and `prompt_tokens`, or with a `template` by whatever keys
that uses. `messages` and `turns` are for chat routes; images for chat routes and Ollama's `/api/generate`, which take them in
base64. An assistant's message with `tool_calls` needs no `content`. Of `conversations` what the human says becomes `turns`, and
the server gives its own replies; one that begins with no human turn, or in which a tool answers, is left out, and counted in
the plan. Of CSV, columns are keys: `prompt`, `max_tokens`, any others for the template. At least one prompt must remain.";

const PORTS: &str = "More server instances than ports.

Every instance of a `run` or `compose` server without a `port` of its own is given a free one on loopback before the
first effect. So many free ports could not be had: lower `count`, or free some.";

const ADDRESS: &str = "Two server instances at one address.

    url = \"http://127.0.0.1:8000\"     # with count = 3: three names for one server

Load would be spread over instances that are one and the same, and every figure per server would be wrong. A server
that `runexp` starts is given a free port of its own: use `{{ port }}`.";

const TRACE: &str = "A trace with a line that is no arrival.

    arrival = { trace = \"arrivals.jsonl\", scale = 2 }      # twice as fast as recorded
    request = {}                                           # what the trace says

JSON has one object for each arrival, with the key `timestamp` in milliseconds, as Mooncake's traces have it. Any other file
has rows: the column `Timestamp`, else the first, is a time in seconds, as in BurstGPT, or a date with a time of day, as in
Azure's LLM traces; the first line may be a heading. Times are finite, not negative and do not fall. They count from the first,
which is the start of the warm-up.

A request that has none of `prompts`, `prompt` and `prompt_tokens` takes what it asks from the trace too: its prompts, or their
lengths (`input_length` and `output_length`; `Request tokens` and `Response tokens`; `ContextTokens` and `GeneratedTokens`). Then
each prompt has as many tokens, made up as for `prompt_tokens`, and `max_tokens` is what the reply had. Requests without tokens are
left out, and counted in the plan. What Mooncake's `hash_ids` say of prompts that begin alike is not replayed.";

const USER_INFO: &str = "A URL that names its user, and so may hold a password.

    http = { url = \"http://me:secret@host/reset\" }

The scenario is kept with every run, the plan shows it, and a command's words are seen by everybody on the machine. A
server's key is given by `bearer` or `headers`, which name an environment variable; curl reads `~/.netrc`. In a command
`$TOKEN` may stand in its place, and a name alone where no HTTP is spoken (`ssh://git@host`).";

const AMBIGUOUS_FIGURE: &str = "A published figure that can be read as two different numbers.

`says` quotes a number that is the claim's `value` only in the reading that most would not take: `7,614` with a value of
7.614, `27.400` with one of 27400, or `batch 32 368 tok/s`, which may be 368 or 32368. Either the value is wrong or the
quotation needs a word more; `runexp` does not guess which. Where the quotation is right, add the number as it is meant:
`27.400 [27400] tok/s`, `batch 32, 368 tok/s`.";

const NO_SUCH_CELL: &str = "A claim or the baseline speaks of a cell that this scenario does not have.

The scenario runs all the same, and the claim's verdict will be \"not run\". Either its `where` names a level that no
phase or factor has, or the cell was left out by `[[exclude]]` or by a `when`. Levels that an override took away are not
warned about.";

const FEW_REPETITIONS: &str = "Fewer repetitions than a claim's tolerance takes.

Whether a number is within 10 % of a published one can only be said by an interval narrower than that. The number of
repetitions that is advised is the smallest whose 95 % interval is expected to be narrow enough. Nothing is measured yet, so
a spread between servers' lives is assumed, and named in the advice.";
