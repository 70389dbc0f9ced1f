//! Every codemod, in the order of a migration.

use plan::Codemod;

/// All of them. The first of two that conflict wins.
pub static ALL: &[&dyn Codemod] = &[];
