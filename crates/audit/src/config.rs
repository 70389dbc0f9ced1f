//! Configuration: what each config file is for, and the facts that rules ask of it.

use edit::FileId;
use project::Project;
use stack::{Side, Stack};

/// One configuration file.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file.
    pub file: FileId,
    /// `package-manifest`, `lockfile`, `typescript`, `bundler`, `framework`, `lint`, `host`, `container`, `workflow`, `env`, `database`, `ignore`, `builder`.
    pub kind: &'static str,
}

/// Every configuration file of the tree, by path.
pub(crate) fn read(project: &Project, stack: &Stack) -> Vec<Config> {
    let files = project.files.iter().filter(|file| file.skipped.is_none());
    let configs = files.filter(|file| stack.side(file.id) == Side::Config || file.kind == project::Kind::Env);
    let kind = |file: &project::File| if file.kind == project::Kind::Env { "env" } else { "bundler" };
    configs.map(|file| Config { file: file.id, kind: kind(file) }).collect()
}
