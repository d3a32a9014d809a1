//! Secrets: read from the environment once, before anything starts.
#![expect(clippy::disallowed_methods, reason = "reading the environment is what this file does")]

use std::collections::BTreeMap;
use std::{env, fmt};

use crate::plan::Plan;
use crate::scenario::{Header, HeaderSpec, ServerSpec};

/// What the variables hold that a plan's headers name.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its variable is not set, or is not text.
    #[error("the environment variable `{variable}` is not set, which the header `{header}` of `{server}` is read from")]
    Unset {
        /// The variable.
        variable: String,
        /// What it is for.
        header: String,
        /// Whose.
        server: String,
    },
    /// It is empty, or cannot be sent.
    #[error("what the environment variable `{variable}` holds cannot be the header `{header}` of `{server}`")]
    Unsendable {
        /// The variable.
        variable: String,
        /// What it is for.
        header: String,
        /// Whose.
        server: String,
    },
}

impl SecretError {
    /// What a person can do.
    pub fn help(&self) -> String {
        match self {
            Self::Unset { variable, .. } => format!("set it: export {variable}=…"),
            Self::Unsendable { .. } => "it must be one line of visible ASCII, and not empty".to_owned(),
        }
    }
}

impl Secrets {
    /// Reads every variable that a header of the plan's servers names.
    ///
    /// # Errors
    /// When one is not set, or what it holds cannot be sent.
    pub fn read(plan: &Plan) -> Result<Self, SecretError> {
        let mut secrets = BTreeMap::new();
        for server in plan.epochs.iter().flat_map(|epoch| &epoch.servers) {
            for header in &server.headers {
                let Some(variable) = header.variable().map(str::to_owned) else { continue };
                let (name, server) = (header.name.clone(), server.label());
                let Ok(secret) = env::var(&variable) else {
                    return Err(SecretError::Unset { variable, header: name, server });
                };
                if header.with(&secret).is_none() {
                    return Err(SecretError::Unsendable { variable, header: name, server });
                }
                secrets.insert(variable, secret);
            }
        }
        Ok(Self(secrets))
    }

    /// The headers of requests to a server; those whose secret was not read
    /// are left out.
    pub(super) fn headers(&self, server: &ServerSpec) -> Vec<Header> {
        let header = |header: &HeaderSpec| match header.variable() {
            None => header.with(""),
            Some(variable) => header.with(self.0.get(variable)?),
        };
        server.headers.iter().filter_map(header).collect()
    }
}
