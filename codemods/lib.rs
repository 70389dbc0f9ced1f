//! Every codemod, in the order of a migration.

pub mod build_hardening;
pub mod builder_leftovers;
pub mod deploy_pipeline;
pub mod env_contract;
pub mod environments;
pub mod queries_to_server;
pub mod repository_hygiene;
pub mod repository_rules;
pub mod routing_fallback;
pub mod secrets_to_env;
pub mod server;
pub mod sessions_to_server;

use plan::Codemod;

/// All of them. The first of two that conflict wins.
pub static ALL: &[&dyn Codemod] = &[
    &sessions_to_server::SessionsToServer,
    &secrets_to_env::SecretsToEnv,
    &env_contract::EnvContract,
    &build_hardening::BuildHardening,
    &routing_fallback::RoutingFallback,
    &environments::Environments,
    &deploy_pipeline::DeployPipeline,
    &repository_hygiene::RepositoryHygiene,
    &repository_rules::RepositoryRules,
    &builder_leftovers::BuilderLeftovers,
];
