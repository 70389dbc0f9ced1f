//! Every codemod, in the order of a migration.

pub mod env_contract;

use plan::Codemod;

/// All of them. The first of two that conflict wins.
pub static ALL: &[&dyn Codemod] = &[&env_contract::EnvContract];
