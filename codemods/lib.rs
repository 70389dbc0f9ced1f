//! Every codemod, in the order of a migration.

pub mod env_contract;
pub mod queries_to_server;
pub mod repository_hygiene;
pub mod secrets_to_env;
pub mod server;
pub mod sessions_to_server;

use plan::Codemod;

/// All of them. The first of two that conflict wins.
pub static ALL: &[&dyn Codemod] = &[
    &sessions_to_server::SessionsToServer,
    &queries_to_server::QueriesToServer,
    &secrets_to_env::SecretsToEnv,
    &env_contract::EnvContract,
    &repository_hygiene::RepositoryHygiene,
];
