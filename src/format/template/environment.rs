use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

/// Instructions one template may take; a wild loop ends here.
const FUEL: u64 = 100_000;

/// Where templates are computed: nothing can be loaded, and a name that is not
/// defined is an error.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

/// Why a template cannot be computed, without its place.
pub(crate) fn reason(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
