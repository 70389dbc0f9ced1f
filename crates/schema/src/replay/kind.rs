//! Types of columns, as PostgreSQL calls them.

use crate::sql::node::{self, Kind, Node};
use crate::sql::quotes;

/// What a written type is.
pub(crate) struct Written {
    /// As `format_type` gives it: `timestamp with time zone`, `character varying(20)`, `text[]`, `state`.
    pub(crate) kind: String,
    /// `serial` and its like: an integer with a sequence.
    pub(crate) serial: bool,
    /// The schema and name of a type that is not built in.
    pub(crate) own: Option<crate::Name>,
}

/// Whether the node is a type.
pub(crate) fn is_type(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::PATH_TYPE
            | Kind::ARRAY_TYPE
            | Kind::TIMESTAMP_TYPE
            | Kind::TIME_TYPE
            | Kind::INTERVAL_TYPE
            | Kind::DOUBLE_TYPE
            | Kind::CHARACTER_TYPE
            | Kind::VARCHAR_TYPE
            | Kind::BIT_VARYING_TYPE
            | Kind::BIT_TYPE
            | Kind::PERCENT_TYPE
    )
}

/// The type among the children of `node`.
pub(crate) fn of(node: &Node) -> Option<Written> {
    node.children().find(|child| is_type(child.kind())).map(|kind| written(&node::text(&kind)))
}

/// Reads a written type.
pub(crate) fn written(text: &str) -> Written {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut base, mut arrays) = (spaced.as_str(), false);
    while let Some(open) = base.rfind('[').filter(|_| base.ends_with(']')) {
        base = base[..open].trim_end();
        arrays = true;
    }
    if let Some(inner) = base.to_ascii_lowercase().strip_suffix(" array").map(str::len) {
        base = &base[..inner];
        arrays = true;
    }
    let base = base.strip_prefix("setof ").or_else(|| base.strip_prefix("SETOF ")).unwrap_or(base);
    let base = &quotes::plain(base);
    let quoted = base.contains('"');
    let lower = if quoted { base.to_owned() } else { base.to_lowercase() };
    let lower = lower.strip_prefix("pg_catalog.").unwrap_or(&lower).to_owned();
    // `timestamp(3) with time zone` keeps its precision behind the first word.
    let (name, modifier, tail) = match (lower.find('('), lower.find(')')) {
        (Some(open), Some(close)) if open < close => {
            (lower[..open].trim().to_owned(), lower[open..=close].replace(' ', ""), lower[close + 1..].trim())
        }
        _ => (lower.clone(), String::new(), ""),
    };
    let whole = if tail.is_empty() { name.clone() } else { format!("{name} {tail}") };
    let (called, serial) = match whole.as_str() {
        "int" | "int4" | "integer" => ("integer", false),
        "int8" | "bigint" => ("bigint", false),
        "int2" | "smallint" => ("smallint", false),
        "serial" | "serial4" => ("integer", true),
        "bigserial" | "serial8" => ("bigint", true),
        "smallserial" | "serial2" => ("smallint", true),
        "bool" | "boolean" => ("boolean", false),
        "varchar" | "character varying" | "char varying" => ("character varying", false),
        "char" | "character" | "bpchar" => ("character", false),
        "decimal" | "dec" | "numeric" => ("numeric", false),
        "float4" | "real" => ("real", false),
        "float8" | "float" | "double precision" => ("double precision", false),
        "timestamptz" | "timestamp with time zone" => ("timestamp with time zone", false),
        "timestamp" | "timestamp without time zone" => ("timestamp without time zone", false),
        "timetz" | "time with time zone" => ("time with time zone", false),
        "time" | "time without time zone" => ("time without time zone", false),
        _ => ("", false),
    };
    let (kind, own) = if !called.is_empty() {
        // One character is the default, and the zone stands behind the precision.
        let modifier = if called == "character" && modifier.is_empty() { "(1)" } else { modifier.as_str() };
        let kind = match called.split_once(' ') {
            Some((first, rest)) if first == "timestamp" || first == "time" => {
                format!("{first}{modifier} {rest}")
            }
            _ if called == "numeric" && !modifier.is_empty() && !modifier.contains(',') => {
                format!("numeric({},0)", modifier.trim_matches(['(', ')']))
            }
            _ => format!("{called}{modifier}"),
        };
        (kind, None)
    } else if BUILT_IN.contains(&name.as_str()) {
        (whole_of(&name, &modifier, tail), None)
    } else {
        let parts: Vec<_> = split_path(&name);
        let last = parts.last().cloned().unwrap_or_default();
        let schema = if parts.len() > 1 { parts[parts.len() - 2].clone() } else { "public".to_owned() };
        let shown = if parts.len() > 1 && schema != "public" && schema != "extensions" {
            format!("{schema}.{last}")
        } else {
            last.clone()
        };
        (whole_of(&shown, &modifier, tail), Some(crate::Name { schema, name: last }))
    };
    let kind = if arrays { format!("{kind}[]") } else { kind };
    Written { kind, serial, own }
}

fn whole_of(name: &str, modifier: &str, tail: &str) -> String {
    if tail.is_empty() { format!("{name}{modifier}") } else { format!("{name}{modifier} {tail}") }
}

fn split_path(name: &str) -> Vec<String> {
    name.split('.').map(|part| node::identifier(part.trim())).collect()
}

const BUILT_IN: [&str; 42] = [
    "uuid",
    "text",
    "json",
    "jsonb",
    "date",
    "interval",
    "bytea",
    "inet",
    "cidr",
    "macaddr",
    "money",
    "point",
    "line",
    "box",
    "path",
    "polygon",
    "circle",
    "xml",
    "tsvector",
    "tsquery",
    "bit",
    "bit varying",
    "varbit",
    "name",
    "oid",
    "regclass",
    "void",
    "trigger",
    "record",
    "anyelement",
    "anyarray",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "event_trigger",
    "cstring",
    "internal",
    "any",
    "refcursor",
];

/// The group of types that a foreign key may join.
pub(crate) fn group(kind: &str) -> &str {
    match kind {
        "integer" | "bigint" | "smallint" => "integer",
        kind if kind.starts_with("character") || kind == "text" => "text",
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_called_as_postgresql_calls_them() {
        let cases = [
            ("INT", "integer"),
            ("bigserial", "bigint"),
            ("VARCHAR(20)", "character varying(20)"),
            ("timestamptz", "timestamp with time zone"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("TIMESTAMP", "timestamp without time zone"),
            ("DECIMAL(10, 2)", "numeric(10,2)"),
            ("text[]", "text[]"),
            ("public.state", "state"),
            ("\"State\"", "State"),
            ("extensions.vector(3)", "vector(3)"),
            ("auth.factor", "auth.factor"),
            ("double precision", "double precision"),
        ];
        for (text, kind) in cases {
            assert_eq!(written(text).kind, kind, "{text}");
        }
        assert!(written("serial").serial);
    }
}
