//! Tables that are missing, made from the generated types.

use super::{ID, NO_TABLE, find};
use crate::row_policies::access::{Access, quoted};
use crate::row_policies::migration::{Behind, next_file};
use crate::row_policies::rewrite::Wanted;
use audit::{Finding, Survey};
use edit::{Piece, Span};
use plan::{Change, NewFile, Safety};
use schema::Name;
use schema::types::{Field, TableTypes};
use std::fmt::Write as _;

/// The change, if a missing table can be made.
pub(super) fn change(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let types = survey.schema.types.as_ref()?;
    let access = Access::of(survey);
    let (mut body, mut made) = (String::new(), Vec::new());
    for (table, uses) in find::missing(survey) {
        let Some(shape) = types.tables.get(&table).filter(|shape| !shape.insert.is_empty()) else { continue };
        let Some(sql) = skeleton(survey, &access, &table, shape) else { continue };
        let _ = write!(body, "\n-- Used by {}.\n{sql}", files(survey, &uses));
        made.push(table);
    }
    if made.is_empty() {
        return None;
    }
    let text = format!(
        "{} The code uses these tables and no migration makes them: columns are those of the generated types, what\n\
         -- they do not say is a guess. Nothing happens where a table is there already.\n{body}",
        schema::OURS
    );
    let path = next_file(survey, Behind::Second, "missing_tables")?;
    let mut change = Change::new(ID, "Make the tables that no migration makes", Safety::Review);
    change.creates.push(NewFile { path, pieces: vec![Piece::text(text)], mode: 0o644 });
    change.fixes = (0..findings.len())
        .filter(|at| findings[*at].rule == NO_TABLE.id && made.contains(&findings[*at].subject))
        .collect();
    Some(change)
}

fn files(survey: &Survey<'_>, uses: &[Span]) -> String {
    let mut paths: Vec<_> = uses.iter().map(|span| survey.project.get(span.file).path.as_str()).collect();
    paths.dedup();
    let more = paths.len().saturating_sub(4);
    paths.truncate(4);
    if more > 0 { format!("{} and {more} more files", paths.join(", ")) } else { paths.join(", ") }
}

/// `None` if it cannot be told who may do what the app does.
fn skeleton(survey: &Survey<'_>, access: &Access, table: &str, shape: &TableTypes) -> Option<String> {
    let name = Name { schema: "public".to_owned(), name: table.to_owned() };
    let owner = ["user_id", "owner_id", "created_by"]
        .into_iter()
        .find(|owner| shape.row.iter().any(|field| field.name == *owner && field.kind == "string"));
    let mut policies = String::new();
    let verbs = access.verbs(table);
    if !access.is_clear(table) {
        return None;
    }
    for verb in verbs {
        let owner = owner.filter(|_| access.signs_in && access.all_own(table, verb))?;
        let policy = Wanted::own(format!("{table}: {verb}"), verb, owner).sql(&name);
        let (_, create) = policy.split_once('\n')?;
        policies.push_str(create);
    }
    let unique = keys(survey, table, shape)?;
    let mut columns = Vec::new();
    for field in &shape.row {
        columns.push(column(survey, field, shape, owner)?);
    }
    columns.extend(unique.iter().map(|key| format!("unique ({})", key.join(", "))));
    let id = shape.row.iter().any(|field| field.name == "id");
    if !id {
        return None;
    }
    let mut sql = format!("create table public.{} (\n  {}\n);\n", quoted(table), columns.join(",\n  "));
    if let Some(owner) = owner {
        let _ = writeln!(
            sql,
            "create index {} on public.{} ({owner});",
            quoted(&format!("{table}_{owner}_idx")),
            quoted(table)
        );
    }
    let _ = writeln!(sql, "alter table public.{} enable row level security;", quoted(table));
    sql.push_str(&policies);
    let indented: Vec<_> = sql.lines().map(|line| format!("    {line}")).collect();
    Some(format!(
        "do $$ begin\n  if to_regclass('public.{}') is null then\n{}\n  end if;\nend $$;\n",
        quoted(table),
        indented.join("\n")
    ))
}

/// The keys by which the app finds a row that it writes again; `None` if a use does not fit the columns: a table that refuses it hides
/// that the right one is missing.
fn keys(survey: &Survey<'_>, table: &str, shape: &TableTypes) -> Option<Vec<Vec<String>>> {
    let is_column = |name: &String| shape.row.iter().any(|field| field.name == *name);
    let mut keys: Vec<Vec<String>> = Vec::new();
    for query in find::uses(survey, table) {
        let met_by = find::met_by(survey, query)?;
        if !met_by.iter().all(is_column)
            || !find::named_columns(survey, query).iter().all(|(_, column)| is_column(column))
        {
            return None;
        }
        let key: Vec<_> = met_by.iter().map(|column| quoted(column)).collect();
        if !key.is_empty() && key != ["id"] && !keys.contains(&key) {
            keys.push(key);
        }
    }
    Some(keys)
}

/// A column as its type and its name say it; `None` for a type that SQL has no word for.
fn column(survey: &Survey<'_>, field: &Field, shape: &TableTypes, owner: Option<&str>) -> Option<String> {
    let (base, array) = match field.kind.strip_suffix("[]") {
        Some(base) => (base, "[]"),
        None => (field.kind.as_str(), ""),
    };
    let name = field.name.as_str();
    // An id of something that is no table here is one of somebody else, written as they like.
    let of_table = |stem: &str| {
        let types = survey.schema.types.iter().flat_map(|types| types.tables.keys());
        let mut names = types.chain(survey.schema.tables.keys().map(|known| &known.name));
        let last = stem.rsplit('_').next().unwrap_or(stem);
        names.any(|known| {
            let one = known
                .strip_suffix("ies")
                .map_or_else(|| known.trim_end_matches('s').to_owned(), |it| format!("{it}y"));
            one == stem.trim_end_matches('s') || one == last
        })
    };
    let refers = name.strip_suffix("_id").is_some_and(|stem| stem.ends_with("user") || of_table(stem));
    let key = name == "id" || refers || Some(name) == owner;
    let at = name.ends_with("_at") || name.ends_with("_time") && name != "start_time" && name != "end_time";
    let kind = match base {
        "string" if key && !name.starts_with("stripe") => "uuid".to_owned(),
        "string" if at => "timestamp with time zone".to_owned(),
        "string" if name.ends_with("_date") || name == "date" => "date".to_owned(),
        "string" | "unknown" => "text".to_owned(),
        "number" if name == "id" => "bigint".to_owned(),
        "number" => "numeric".to_owned(),
        "boolean" => "boolean".to_owned(),
        "Json" => "jsonb".to_owned(),
        other => {
            let parts: Vec<_> = other.split('"').collect();
            let of_enum = parts.iter().position(|part| *part == "Enums").and_then(|at| parts.get(at + 2));
            match of_enum {
                // Only an enum that the SQL makes can be named.
                Some(name) if survey.schema.enums.keys().any(|known| known.name == **name) => {
                    format!("public.{}", quoted(name))
                }
                Some(_) => "text".to_owned(),
                None if other.contains('|') && other.contains('"') => "text".to_owned(),
                None => return None,
            }
        }
    };
    let optional = shape.insert.iter().any(|known| known.name == field.name && known.optional);
    let mut sql = format!("{} {kind}{array}", quoted(name));
    if name == "id" {
        sql += " primary key";
        sql += match kind.as_str() {
            "uuid" => " default gen_random_uuid()",
            "bigint" => " generated by default as identity",
            _ => "",
        };
        return Some(sql);
    }
    if !field.nullable {
        sql += " not null";
    }
    if optional && !field.nullable {
        // It has a default that the types do not say.
        sql += match (kind.as_str(), array) {
            (_, "[]") => " default '{}'",
            ("timestamp with time zone", _) => " default now()",
            ("date", _) => " default current_date",
            ("boolean", _) => " default false",
            ("numeric", _) => " default 0",
            ("jsonb", _) => " default '{}'",
            ("uuid", _) => " default gen_random_uuid()",
            ("text", _) => " default ''",
            _ => "",
        };
    }
    if Some(name) == owner {
        sql += " references auth.users (id) on delete cascade";
    }
    Some(sql)
}
