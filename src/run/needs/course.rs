use crate::plan::{self, Epoch, Plan};
use crate::scenario::{CommandStep, LookStep, StepKind, StepSpec};

/// What a run does, in the order of one treatment after the other.
pub(super) struct Course<'p> {
    /// Every step, where it stands, and what is done before it.
    pub(super) steps: Vec<(String, &'p StepSpec, Before<'p>)>,
    /// The first epoch of every treatment, and what is done before its servers
    /// are started.
    pub(super) epochs: Vec<(&'p Epoch, Before<'p>)>,
}

/// The steps that come before something is needed.
#[derive(Clone, Default)]
pub(super) struct Before<'p>(Vec<&'p StepSpec>);

impl<'p> Course<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let mut course = Self { steps: Vec::new(), epochs: Vec::new() };
        let mut setup = Before::default();
        course.walk("setup", &plan.setup, &mut setup);
        let mut whole = setup.clone();
        for epoch in plan::treatments(plan) {
            let mut before = setup.clone();
            course.walk(&epoch.treatment.to_string(), &epoch.setup, &mut before);
            whole.0.extend(&epoch.setup);
            course.epochs.push((epoch, before));
        }
        course.walk("teardown", &plan.teardown, &mut whole);
        course
    }

    fn walk(&mut self, place: &str, steps: &'p [StepSpec], before: &mut Before<'p>) {
        for step in steps {
            self.steps.push((place.to_owned(), step, before.clone()));
            before.0.push(step);
        }
    }
}

impl<'p> Before<'p> {
    /// Whether a command before names one of these words: then it may be what
    /// installs, builds, starts or stops what they stand for.
    pub(super) fn names(&self, words: &[&str]) -> bool {
        let mut commands = self.0.iter().filter(|step| is_command(step)).map(|step| step.script().perform.concat());
        commands.any(|text| words.iter().any(|word| !word.is_empty() && text.contains(word)))
    }

    /// Whether something before may start a server, or waits until somebody
    /// else has.
    pub(super) fn may_start_servers(&self) -> bool {
        let compose = |step: &StepSpec| matches!(step.kind, StepKind::Command(CommandStep::Compose(_)));
        let waits = |step: &StepSpec| matches!(step.kind, StepKind::Look(LookStep::Wait(_)));
        self.0.iter().any(|step| is_command(step) || compose(step) || waits(step))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'p StepSpec> {
        self.0.iter().copied()
    }
}

const fn is_command(step: &StepSpec) -> bool {
    matches!(step.kind, StepKind::Command(CommandStep::Run(_) | CommandStep::Shell(_)))
}
