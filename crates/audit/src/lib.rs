//! AUDIT. The [`Survey`]: the inventory of what is there; and [`Finding`]: what is wrong. Data to data.
//! SKELETON: signatures agreed, bodies to be written.

pub mod env;
pub mod finding;
pub mod secret;

pub use finding::{Confidence, Finding, Rule, Severity, Treatment};

use project::Project;
use stack::Stack;

/// Everything that is there, for all codemods.
pub struct Survey<'p> {
    /// The tree.
    pub project: &'p Project,
    /// What it is made of.
    pub stack: &'p Stack,
    /// Environment names: reads, definitions, scope.
    pub env: Vec<env::EnvName>,
    /// Secrets and public-by-design keys.
    pub secrets: Vec<secret::Secret>,
}

impl<'p> Survey<'p> {
    /// Reads the whole project once, in parallel.
    pub fn of(_project: &'p Project, _stack: &'p Stack) -> Self {
        unimplemented!()
    }
}
