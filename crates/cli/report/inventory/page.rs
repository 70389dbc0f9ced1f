//! The inventory for a person at a terminal: a line for each thing, in the order of the contract.

use crate::report::human::Style;
use crate::report::{Report, count};
use serde::Serialize;

/// All of it.
pub(crate) fn page(report: &Report, style: Style) -> String {
    let inventory = &report.inventory;
    let at = |path: &str, line: usize| style.paint.path(&format!("{path}:{line}"));
    let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
    let mut part = |title, lines: Vec<String>| {
        if !lines.is_empty() {
            parts.push((title, lines));
        }
    };
    let env = inventory.env.iter().map(|env| {
        let secret = if env.secret { ", secret" } else { "" };
        let name = style.paint.bold(&env.name);
        let side = word(&env.side);
        format!("{name}  {}{secret}, {} ({side} side)", env.scope, count(env.reads.len(), "read"))
    });
    part("Environment", env.collect());
    let secrets = inventory.secrets.iter().map(|secret| {
        let public = if secret.public_by_design { "public by design" } else { "secret" };
        let place = at(&secret.path, secret.line);
        format!("{place}  {} {} ({public}, {})", secret.kind, secret.masked, secret.disposition)
    });
    part("Secrets and public keys", secrets.collect());
    let queries = inventory.queries.iter().map(|query| {
        let place = at(&query.path, query.line);
        let (side, disposition) = (word(&query.side), word(&query.disposition));
        let function = query.function.as_ref().map_or(String::new(), |name| format!(" as {name}"));
        format!(
            "{place}  {} {} {}, {side} side: {disposition}{function}",
            query.backend, query.operation, query.table
        )
    });
    part("Database calls", queries.collect());
    let sessions = inventory.sessions.iter().map(|session| {
        let place = at(&session.path, session.line);
        format!("{place}  {} ({}): {}", session.call, session.kind, word(&session.disposition))
    });
    part("Sessions", sessions.collect());
    let guards = inventory.guards.iter().map(|guard| {
        let place = at(&guard.path, guard.line);
        let routes = if guard.routes.is_empty() { "no route".to_owned() } else { guard.routes.join(" ") };
        format!("{place}  {} ({}, {}) around {routes}", guard.name, guard.kind, guard.enforced)
    });
    part("Guards", guards.collect());
    let routes = inventory.routes.iter().map(|route| {
        let guarded = if route.guarded { "guarded" } else { "open" };
        format!("{}  {guarded}, {}", style.paint.bold(&route.url), route.path)
    });
    part("Routes", routes.collect());
    let handlers = inventory.handlers.iter().map(|handler| {
        let place = at(&handler.path, handler.line);
        format!(
            "{place}  {} {}: auth {}, {}",
            handler.method,
            handler.kind,
            handler.auth,
            word(&handler.disposition)
        )
    });
    part("Endpoints", handlers.collect());
    let tables = inventory.tables.iter().map(|table| {
        let name = style.paint.bold(&table.name);
        let rls = match &table.defined_in {
            None => "defined in no SQL of the tree".to_owned(),
            Some(_) if table.rls => format!("row security, {} policies", table.policies),
            Some(_) => "no row security".to_owned(),
        };
        format!("{name}  {rls}, {}", count(table.used_at.len(), "use"))
    });
    part("Tables", tables.collect());
    let policies = inventory.policies.iter().map(|policy| {
        let why = if policy.why.is_empty() { String::new() } else { format!(": {}", policy.why) };
        format!("{}  \"{}\" for {}: {}{why}", policy.table, policy.name, policy.command, policy.grade)
    });
    part("Policies", policies.collect());
    let odd = inventory.files.iter().filter(|file| matches!(file.parse, "broken" | "skipped"));
    let odd = odd.map(|file| format!("{}  {}: {}", style.paint.path(&file.path), file.parse, file.why));
    part("Files that were not read whole", odd.collect());
    let mut text = format!("\n{}\n", style.paint.bold("Inventory"));
    for (title, lines) in parts {
        text += &format!("\n  {} ({})\n", style.paint.bold(title), lines.len());
        text.extend(lines.iter().map(|line| format!("    {line}\n")));
    }
    text
}

/// The word that JSON has for it.
fn word(of: &impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
