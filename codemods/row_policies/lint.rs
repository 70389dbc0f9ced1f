//! What Supabase's own linter says of the same schema, where it can be told without a database.

use super::access::{has_word, shown};
use super::rewrite::unwrapped;
use super::{NO_INDEX, SEARCH_PATH, TIDY, Told, UNWRAPPED};
use audit::{Finding, Related, Severity, Survey};
use edit::Span;
use schema::{Function, Name, Schema};
use std::collections::BTreeMap;

/// Functions that look names up where their caller does. A procedure that ends transactions may have no setting of its own.
pub(super) fn pathless(schema: &Schema) -> impl Iterator<Item = &Function> {
    let ends = |body: &str| {
        let body = body.to_ascii_lowercase();
        has_word(&body, "commit") || has_word(&body, "rollback")
    };
    let functions =
        schema.functions.iter().filter(|it| it.name.schema == "public" && it.search_path.is_none());
    functions.filter(move |it| !(it.procedure && ends(&it.body)))
}

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let schema = &survey.schema;

    let pathless: Vec<_> = pathless(schema)
        .filter_map(|it| it.span.map(|span| (span, format!("`{}`", it.name.name), it.definer)))
        .collect();
    let definer = pathless.iter().any(|(_, _, definer)| *definer);
    let places = pathless.iter().map(|(span, name, _)| (*span, name.clone())).collect();
    found.extend(
        together(&SEARCH_PATH, "functions", places, |names| Told {
            rule: &SEARCH_PATH,
            span: Span::new(edit::FileId(0), 0..0),
            subject: "functions".to_owned(),
            message: format!("{names} set no `search_path`."),
            todo: "`alter function … set search_path = ''` and write every name with its schema.".to_owned(),
        })
        .map(|mut finding| {
            if !definer {
                finding.severity = Severity::Note;
            }
            finding
        }),
    );

    let mut bare = Vec::new();
    for (name, table) in &schema.tables {
        for policy in table.policies.iter().filter(|policy| unwrapped(policy)) {
            bare.extend(policy.span.map(|span| (span, format!("\"{}\" on `{}`", policy.name, shown(name)))));
        }
    }
    found.extend(together(&UNWRAPPED, "policies", bare, |names| Told {
        rule: &UNWRAPPED,
        span: Span::new(edit::FileId(0), 0..0),
        subject: "policies".to_owned(),
        message: format!("{names} ask for the visitor once for each row."),
        todo: "Write `(select auth.uid())` instead of `auth.uid()`.".to_owned(),
    }));

    let places = missing_indexes(survey)
        .into_iter()
        .filter_map(|(name, columns)| {
            let table = schema.tables.get(&name)?;
            let place = table.column(&columns[0]).and_then(|column| column.span).or(table.defined)?;
            Some((place, format!("`{}.{}`", name.name, columns.join(", "))))
        })
        .collect();
    found.extend(together(&NO_INDEX, "indexes", places, |names| Told {
        rule: &NO_INDEX,
        span: Span::new(edit::FileId(0), 0..0),
        subject: "indexes".to_owned(),
        message: format!("No index begins with {names}."),
        todo: "Create an index for each.".to_owned(),
    }));

    let mut untidy = Vec::new();
    for (name, table) in schema.tables.iter().filter(|(name, _)| name.schema == "public") {
        let Some(defined) = table.defined else { continue };
        if table.primary_key.is_empty() && !table.columns.is_empty() {
            untidy.push((defined, format!("`{}` has no primary key", name.name)));
        }
        let mut seen = BTreeMap::new();
        for index in table.indexes.iter().filter(|index| index.whole) {
            let what = (&index.columns, &index.orders, &index.method, index.unique);
            if let Some(first) = seen.insert(what, &index.name) {
                untidy.push((defined, format!("`{first}` and `{}` are one index twice", index.name)));
            }
        }
        if table.row_security {
            for verb in ["select", "insert", "update", "delete"] {
                let same = table.policies.iter().filter(|policy| {
                    policy.permissive && (policy.command == verb || policy.command == "all")
                });
                let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
                same.flat_map(|policy| &policy.roles)
                    .for_each(|role| *roles.entry(role.as_str()).or_default() += 1);
                // A policy for `public` counts for every role.
                let all = roles.remove("public").unwrap_or_default();
                // No policy is asked of the server's role.
                roles.remove("service_role");
                let count = all + roles.into_values().max().unwrap_or_default();
                if count > 1 {
                    untidy.push((defined, format!("`{}` has {count} policies for {verb}", name.name)));
                }
            }
        }
    }
    found.extend(together(&TIDY, "schema", untidy, |names| Told {
        rule: &TIDY,
        span: Span::new(edit::FileId(0), 0..0),
        subject: "schema".to_owned(),
        message: format!("{names}."),
        todo: "Add the keys, drop what is double, and join policies for one verb with OR.".to_owned(),
    }));
    found
}

/// One finding for many places: the first is where it stands.
fn together<'a>(
    _rule: &audit::Rule,
    what: &str,
    mut places: Vec<(Span, String)>,
    told: impl Fn(&str) -> Told<'a>,
) -> Option<Finding> {
    places.sort();
    places.dedup();
    let (span, _) = places.first()?.clone();
    let named: Vec<_> = places.iter().take(4).map(|(_, name)| name.as_str()).collect();
    let mut names = named.join(", ");
    if places.len() > named.len() {
        names += &format!(" and {} more {what}", places.len() - named.len());
    }
    let mut finding = told(&names).finding();
    finding.span = span;
    finding.confidence = audit::Confidence::Certain;
    finding.related =
        places[1..].iter().map(|(span, name)| Related { span: *span, message: name.clone() }).collect();
    Some(finding)
}

/// Foreign keys, and columns by which policies know the owner, that no index begins with.
pub(super) fn missing_indexes(survey: &Survey<'_>) -> Vec<(Name, Vec<String>)> {
    let mut found = Vec::new();
    for (name, table) in
        survey.schema.tables.iter().filter(|(name, table)| name.schema == "public" && table.defined.is_some())
    {
        let mut wanted: Vec<Vec<String>> = table.foreign_keys.iter().map(|key| key.columns.clone()).collect();
        for policy in &table.policies {
            for text in policy.using.iter().chain(&policy.check) {
                let predicate = schema::predicate::Predicate::of(&survey.schema, name, text);
                wanted.extend(predicate.owners().into_iter().map(|column| vec![column.to_owned()]));
            }
        }
        wanted.sort();
        wanted.dedup();
        wanted.retain(|columns| {
            !table.indexed(columns)
                && columns.iter().all(|column| {
                    table.column(column).is_some_and(|it| {
                        !it.kind.ends_with("[]") && super::migration::in_history(survey, it.span)
                    })
                })
        });
        found.extend(wanted.into_iter().map(|columns| (name.clone(), columns)));
    }
    found
}
