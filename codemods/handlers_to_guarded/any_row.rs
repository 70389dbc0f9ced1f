//! Handlers that change the row whose id they are sent, past every policy, for whoever is signed in.

use super::find::told;
use super::{ANY_ROW, finding};
use audit::handler::Handler;
use audit::query::{Kind, Power, Query, Target};
use audit::{Confidence, Finding, Survey};
use schema::Name;

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    survey
        .handlers
        .iter()
        .filter(|handler| handler.blind && !handler.role)
        .filter_map(|it| one(survey, it))
        .collect()
}

fn one(survey: &Survey<'_>, handler: &Handler) -> Option<Finding> {
    let (query, table, owner) =
        survey.queries.iter().filter(|query| handler.span.covers(query.span)).find_map(|query| {
            let Target::Named(table) = &query.table else { return None };
            let name = Name { schema: "public".to_owned(), name: table.clone() };
            let owner = survey.schema.owners(&name).into_iter().next()?;
            (by_id_alone(survey, query)).then_some((query, table, owner))
        })?;
    let mut found = finding(
        &ANY_ROW,
        query.span,
        format!(
            "{} changes any row of `{table}` for whoever is signed in: only its id is asked for.",
            told(handler)
        ),
        &format!(
            "Ask for `{owner}` as well, with the id of the session, or for the role that may change the rows of others."
        ),
        &handler.name,
    );
    found.confidence = Confidence::Likely;
    Some(found)
}

/// `admin.from("boats").update(…).eq("id", id)`: a change past every policy that asks for the id of the row and for nothing else.
fn by_id_alone(survey: &Survey<'_>, query: &Query) -> bool {
    let past = query.client.is_some_and(|at| survey.clients[at].power == Power::Admin);
    let text = |span: edit::Span| survey.project.get(span.file).text.get(span.range()).unwrap_or_default();
    let asked: Vec<&str> = query
        .steps
        .iter()
        .filter(|step| matches!(step.name.as_str(), "eq" | "match" | "in" | "filter" | "or"))
        .filter_map(|step| step.arguments.first().map(|first| text(*first)))
        .collect();
    past && query.kind == Kind::Table
        && matches!(query.operation.as_str(), "update" | "delete")
        && !asked.is_empty()
        && asked.iter().all(|column| column.trim_matches(['"', '\'', '`']) == "id")
}
