//! `[[audit.system]]`, `[[audit.model]]` and `[[audit.relation]]`.

use indexmap::IndexMap;

use super::super::model::audit::{
    Audit, ByteRange, DataSheet, Experts, ModelReads, ReadsKeys, Relation, RelationError, RelationKeys, SheetKeys,
};
use super::super::model::claim::Claim;
use super::super::model::rule::environment;
use super::super::tables::AuditKeys;
use crate::format::{Code, Entry, Fields, Finding, Key, Keys, Node, Scope, Span, decode, spelling};
use crate::names::ClaimId;
use crate::units::Bytes;

/// Every one of them doubles what an audit computes.
const MOST_TERMS: usize = 8;
const LEAST_BYTES: Bytes = Bytes(1);
const MOST_BYTES: Bytes = Bytes(1_000_000_000_000_000_000);

/// Reads `[audit]`, whose relations speak of `claims`.
pub(in super::super) fn read_audit<T>(written: Key<'_, T>, claims: &[Claim], scope: &Scope<'_>) -> Audit {
    let Some(fields) = written.table() else { return Audit::default() };
    let AuditKeys { system, model, relation } = AuditKeys::of(&fields);
    Audit {
        systems: each_once(&system.list(), "gpu", scope, |node| read_system(node, scope)),
        models: each_once(&model.list(), "name", scope, |node| read_model(node, scope)),
        relations: each_once(&relation.list(), "claim", scope, |node| read_relation(node, claims, scope)),
    }
}

/// Reads tables of which no two may have the same text under `key`.
fn each_once<T>(nodes: &[Node], key: &str, scope: &Scope<'_>, read: impl Fn(&Node) -> Option<T>) -> Vec<T> {
    let names = nodes.iter().filter_map(|node| Some(&node.as_table()?.get(key)?.node));
    let mut seen: Vec<String> = Vec::new();
    for (span, name) in names.filter_map(|node| Some((&node.span, node.as_text()?.to_lowercase()))) {
        if seen.contains(&name) {
            scope.notes.push(Finding::new(Code::Duplicate, span.clone(), format!("a second table of `{name}`")));
        }
        seen.push(name);
    }
    nodes.iter().filter_map(read).collect()
}

fn read_system(node: &Node, scope: &Scope<'_>) -> Option<DataSheet> {
    let fields = Fields::of(node, scope)?;
    let keys = SheetKeys::of(&fields);
    let (gpu, source) = (keys.gpu.required(), keys.source.required());
    let bandwidth = keys.bandwidth_gb_per_s.required();
    let bandwidth = bandwidth.and_then(|number| keys.bandwidth_gb_per_s.within(number, 1.0, 1e6));
    let memory = keys.memory.optional();
    let memory = memory.and_then(|bytes| keys.memory.within(bytes, LEAST_BYTES, MOST_BYTES));
    Some(DataSheet { gpu: gpu?, bandwidth_gb_per_s: bandwidth?, memory, source: source? })
}

fn read_model(node: &Node, scope: &Scope<'_>) -> Option<ModelReads> {
    let fields = Fields::of(node, scope)?;
    let keys = ReadsKeys::of(&fields);
    let (name, like) = (keys.name.required(), keys.like.optional());
    let quantisation = keys.quantisation.optional();
    let (bytes, experts) = (keys.bytes_per_token.required(), keys.experts.optional());
    let source = keys.source.required();
    if bytes.is_some_and(|bytes| !is_range(bytes)) {
        let example = "write it like { least = \"4.6GB\", most = \"4.92GB\" }";
        keys.bytes_per_token.advise(Code::Bounds, "`least` must be above zero and at most `most`", example);
    }
    if let Some(problem) = experts.zip(bytes).and_then(|(experts, bytes)| wrong_experts(experts, bytes)) {
        keys.experts.advise(Code::Bounds, problem, EXPERTS);
    }
    Some(ModelReads { name: name?, like, quantisation, bytes_per_token: bytes?, experts, source: source? })
}

const EXPERTS: &str = "write it like { count = 128, active = 4, bytes = { least = \"60GB\", most = \"61GB\" } }";

fn is_range(ByteRange { least, most }: ByteRange) -> bool {
    LEAST_BYTES <= least && least <= most && most <= MOST_BYTES
}

fn wrong_experts(Experts { count, active, bytes }: Experts, per_token: ByteRange) -> Option<&'static str> {
    if active == 0 || count < active || count > 100_000 {
        return Some("`active` must be from 1 to `count`, which is at most 100000");
    }
    if !is_range(bytes) {
        return Some("`least` must be above zero and at most `most`");
    }
    let of_one_token = bytes.least.as_f64() * f64::from(active) / f64::from(count);
    (of_one_token > per_token.least.as_f64()).then_some("the experts of one token are more than its `bytes_per_token`")
}

fn read_relation(node: &Node, claims: &[Claim], scope: &Scope<'_>) -> Option<Relation> {
    let fields = Fields::of(node, scope)?;
    let reader = Reader { claims, scope };
    let keys = RelationKeys::of(&fields);
    let claim = keys.claim.must_have().and_then(|node| reader.claim(node));
    let (equals, span) = (keys.equals.required(), keys.equals.span());
    let terms = keys.terms.must_have().and_then(|node| reader.terms(node, equals.as_deref()?, &span));
    let relation = Relation { claim: claim?, equals: equals?, terms: terms? };
    reader.check_value(&relation, span);
    Some(relation)
}

struct Reader<'a> {
    claims: &'a [Claim],
    scope: &'a Scope<'a>,
}

impl Reader<'_> {
    /// The id of a claim that states a number.
    fn claim(&self, node: &Node) -> Option<ClaimId> {
        let id: ClaimId = decode(&self.scope.render(node)?, self.scope.notes)?;
        let known = |claim: &&Claim| claim.kind.value().is_some();
        if !self.claims.iter().filter(known).any(|claim| claim.id == id) {
            let message = format!("no claim `{id}` states a number");
            let known = self.claims.iter().filter(known).map(|claim| claim.id.as_str());
            let finding = Finding::new(Code::UnknownReference, node.span.clone(), message);
            self.scope.notes.push(finding.maybe_help(spelling::advice(id.as_str(), known)));
            return None;
        }
        Some(id)
    }

    /// Claims by the names that `equals`, at `span`, has for them: all of those
    /// and no others.
    fn terms(&self, node: &Node, equals: &str, span: &Span) -> Option<IndexMap<String, ClaimId>> {
        let table = Fields::of(node, self.scope).and(node.as_table())?;
        let complain = |finding| self.scope.notes.push(finding);
        if table.is_empty() || table.len() > MOST_TERMS {
            let message = format!("`terms` names {} claims but must name from 1 to {MOST_TERMS}", table.len());
            complain(Finding::new(Code::Bounds, node.span.clone(), message));
        }
        if let Err(error) = environment().compile_expression(equals) {
            complain(Finding::new(Code::Template, span.clone(), RelationError::from(error).to_string()));
            return None;
        }
        let used = self.scope.names_in_expression(equals);
        for name in used.iter().filter(|name| !table.contains_key(*name)) {
            let finding =
                Finding::new(Code::UndefinedName, self.scope.place_of(name, span), format!("`{name}` is not defined"));
            complain(finding.maybe_help(spelling::advice(name, table.keys().map(String::as_str))));
        }
        let term = |(name, Entry { key, node }): (&String, &Entry)| {
            if !used.contains(name) {
                complain(Finding::new(Code::UnknownKey, key.clone(), format!("`{name}` does not stand in `equals`")));
            }
            Some((name.clone(), self.claim(node)?))
        };
        let terms: Vec<Option<(String, ClaimId)>> = table.iter().map(term).collect();
        let is_known = used.iter().all(|name| table.contains_key(name));
        terms.into_iter().collect::<Option<_>>().filter(|_| is_known)
    }

    /// Notes a relation that gives no number.
    fn check_value(&self, relation: &Relation, span: Span) {
        // Figures of which no two are equal, so that no difference of them is 0.
        let place = |id: &ClaimId| self.claims.iter().position(|claim| claim.id == *id).unwrap_or_default();
        let figure = |id: &ClaimId| u32::try_from(place(id) + 1).map_or(1.0, f64::from).sqrt();
        if let Err(error) = relation.value(figure) {
            self.scope.notes.push(Finding::new(Code::Template, span, error.to_string()));
        }
    }
}
