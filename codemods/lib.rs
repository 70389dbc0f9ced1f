//! Every codemod, in the order of a migration.

pub mod auth_hygiene;
pub mod build_hardening;
pub mod builder_leftovers;
mod constant;
pub mod deploy_pipeline;
pub mod env_contract;
pub mod environments;
pub mod guards_to_server;
pub mod handlers_to_guarded;
mod hooks;
mod lint;
pub mod provider_calls_to_server;
pub mod queries_to_server;
pub mod repository_hygiene;
pub mod repository_rules;
pub mod routing_fallback;
pub mod row_policies;
pub mod schema_migrations;
pub mod secrets_to_env;
pub mod server;
pub mod sessions_to_server;
mod snapshot;
mod strictness;

use plan::Codemod;

pub use repository_hygiene::commands::Commands;

/// All of them. The first of two that conflict wins.
pub static ALL: &[&dyn Codemod] = &[
    &sessions_to_server::SessionsToServer,
    &queries_to_server::QueriesToServer,
    &guards_to_server::GuardsToServer,
    &provider_calls_to_server::ProviderCallsToServer,
    &handlers_to_guarded::HandlersToGuarded,
    &auth_hygiene::AuthHygiene,
    &secrets_to_env::SecretsToEnv,
    &env_contract::EnvContract,
    &environments::Environments,
    &row_policies::RowPolicies,
    &schema_migrations::SchemaMigrations,
    &build_hardening::BuildHardening,
    &routing_fallback::RoutingFallback,
    &deploy_pipeline::DeployPipeline,
    &repository_rules::RepositoryRules,
    &repository_hygiene::RepositoryHygiene,
    &builder_leftovers::BuilderLeftovers,
];
