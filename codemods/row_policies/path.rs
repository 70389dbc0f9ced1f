//! Where a function must look names up: the path that is written down for it.
//!
//! An empty path is set only where every body that the tree gives the function can do with it: which of them a database has is not
//! known, and one that needs more fails with each call.

use super::access::has_word;
use audit::Survey;
use schema::{Function, Schema};

/// What stands in the schema `extensions` of the platform.
const OF_EXTENSIONS: [&str; 14] = [
    "uuid_generate_v4",
    "crypt",
    "gen_salt",
    "digest",
    "gen_random_bytes",
    "hmac",
    "similarity",
    "word_similarity",
    "unaccent",
    "http_post",
    "http_get",
    "vector",
    "citext",
    "geography",
];

/// Operators that extensions bring.
const MARKS: [&str; 3] = ["<=>", "<->", "<#>"];

/// The path that a function needs for the names in its bodies: empty if they name nothing without its schema.
pub(super) fn needed(survey: &Survey<'_>, function: &Function) -> &'static str {
    let schema = &survey.schema;
    let others = schema.written.bodies.get(&function.name).into_iter().flatten().map(|(_, body)| body);
    let bodies: Vec<_> = others.chain([&function.body]).collect();
    let extended = |body: &&String| {
        let lower = body.to_lowercase();
        OF_EXTENSIONS.iter().any(|name| has_word(&lower, name))
            || MARKS.iter().any(|mark| lower.contains(mark))
            || lower.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word.starts_with("st_"))
    };
    if bodies.iter().any(extended) {
        "public, extensions"
    } else if bodies.iter().any(|body| names_something(schema, body)) {
        "public"
    } else {
        "''"
    }
}

/// Whether a body has a name of the tree without its schema, or a type that is none of PostgreSQL's.
fn names_something(schema: &Schema, body: &str) -> bool {
    let typed = schema.types.iter().flat_map(|types| types.tables.keys());
    let made = schema.written.makers.keys().chain(schema.tables.keys()).chain(schema.enums.keys());
    let made = made.chain(schema.views.keys()).chain(schema.functions.iter().map(|function| &function.name));
    let mut names = made.filter(|name| name.schema == "public").map(|name| &name.name).chain(typed);
    names.any(|name| is_bare(body, name)) || types(body).any(|kind| !is_built_in(kind))
}

/// Whether the name stands in the text without a schema or a row in front of it.
fn is_bare(body: &str, name: &str) -> bool {
    body.match_indices(name).any(|(at, _)| {
        let before = body[..at].trim_end_matches('"');
        let after = body[at + name.len()..].chars().next();
        let starts = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let ends = !after.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let held = ["public.", "new.", "NEW."].iter().any(|part| before.ends_with(part));
        starts && ends && !held
    })
}

/// The types that a body declares variables of, or casts to.
fn types(body: &str) -> impl Iterator<Item = &str> {
    let word = |text: &str| {
        text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '%')).unwrap_or(text.len())
    };
    let cast = body.match_indices("::").map(move |(at, _)| {
        let rest = body[at + 2..].trim_start();
        &rest[..word(rest)]
    });
    let begins = body.to_ascii_lowercase().find("begin").unwrap_or(0);
    let declared = body[..begins].split(';').filter_map(move |line| {
        let line = line.trim();
        let line =
            line.get(..7).filter(|first| first.eq_ignore_ascii_case("declare")).map_or(line, |_| &line[7..]);
        let (_, kind) = line.trim().split_once(char::is_whitespace)?;
        let kind = kind.trim_start();
        Some(&kind[..word(kind)])
    });
    cast.chain(declared).filter(|kind| !kind.is_empty() && !kind.contains(['.', '%']))
}

fn is_built_in(kind: &str) -> bool {
    const KNOWN: &str = " uuid text varchar character char bool boolean int int2 int4 int8 integer smallint bigint numeric decimal \
        real float float4 float8 double date time timetz timestamp timestamptz interval json jsonb bytea record inet cidr macaddr \
        money regclass regtype regproc regprocedure regrole name oid constant tsvector tsquery xml bit void trigger refcursor \
        int4range int8range numrange tsrange tstzrange daterange point ";
    KNOWN.contains(&format!(" {} ", kind.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{is_bare, is_built_in, types};

    #[test]
    fn types_of_variables_and_casts() {
        let body = "\ndeclare\n  total numeric(10, 2) := 0;\n  state boat_state;\n  row boats%rowtype;\nbegin\n  return 'a'::text || x::public.kind || y :: rank;\nend";
        assert_eq!(types(body).collect::<Vec<_>>(), ["text", "rank", "numeric", "boat_state"]);
        assert!(is_built_in("TIMESTAMPTZ") && !is_built_in("rank"));
    }

    #[test]
    fn a_name_with_its_schema_is_not_bare() {
        assert!(!is_bare("select 1 from public.boats where new.boats = 1", "boats"));
        assert!(is_bare("refresh materialized view boats_by_day", "boats_by_day"));
        assert!(!is_bare("select my_boats", "boats"));
    }
}
