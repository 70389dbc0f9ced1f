//! Quotes around names that need none: a dump writes `"auth"."uid"()`, where people and the catalog say `auth.uid()`.

/// The same SQL with plain names unquoted. Texts, comments and words that mean something else without quotes stay as they are.
pub(crate) fn plain(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['"', '\'', '-', '/', '$']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = element(rest);
        let (written, behind) = rest.split_at(length);
        let inner = written.strip_prefix('"').and_then(|written| written.strip_suffix('"'));
        out.push_str(inner.filter(|inner| is_plain(inner)).unwrap_or(written));
        rest = behind;
    }
    out + rest
}

/// Whether a name means the same with and without quotes: lower case, and no word of the language.
pub fn is_plain(name: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    name.starts_with(letter)
        && name.chars().all(|other| letter(other) || other.is_ascii_digit())
        && !RESERVED.contains(&name)
}

/// The length of what begins here: a quoted name, a text, a comment, or one sign.
fn element(sql: &str) -> usize {
    let end_of = |mark: &str, from: usize| {
        sql.get(from..).and_then(|rest| rest.find(mark)).map_or(sql.len(), |at| from + at + mark.len())
    };
    if sql.starts_with("--") {
        return end_of("\n", 2);
    }
    if sql.starts_with("/*") {
        return end_of("*/", 2);
    }
    match sql.as_bytes()[0] {
        quote @ (b'"' | b'\'') => {
            let mark = if quote == b'"' { "\"" } else { "'" };
            let mut end = end_of(mark, 1);
            // A doubled quote is one of the text.
            while sql[end..].starts_with(mark) {
                end = end_of(mark, end + 1);
            }
            end
        }
        b'$' => match sql[1..].find('$') {
            Some(tag) if sql[1..=tag].chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
                end_of(&sql[..tag + 2], tag + 2)
            }
            _ => 1,
        },
        _ => 1,
    }
}

/// The words that PostgreSQL reads otherwise without quotes, and `char`, which is another type then.
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
    "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast", "char", "character", "check",
    "coalesce", "collate", "collation", "column", "concurrently", "constraint", "create", "cross",
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end",
    "except", "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from", "full",
    "grant", "greatest", "group", "grouping", "having", "ilike", "in", "initially", "inner", "inout", "int",
    "integer", "intersect", "interval", "into", "is", "isnull", "join", "lateral", "leading", "least",
    "left", "like", "limit", "localtime", "localtimestamp", "national", "natural", "nchar", "none",
    "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out",
    "outer", "overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references",
    "returning", "right", "row", "select", "session_user", "setof", "similar", "smallint", "some",
    "substring", "symmetric", "system_user", "table", "tablesample", "then", "time", "timestamp", "to",
    "trailing", "treat", "trim", "true", "union", "unique", "user", "using", "values", "varchar", "variadic",
    "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
    "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &str) {
        assert_eq!(plain(sql), expected);
    }

    #[test]
    fn names_that_need_no_quotes_lose_them() {
        check(
            r#"("public"."has_role"("auth"."uid"(), 'a'::"public"."app_role"))"#,
            "(public.has_role(auth.uid(), 'a'::public.app_role))",
        );
        check(r#""t"."id" - "n_2" / 3"#, "t.id - n_2 / 3");
    }

    #[test]
    fn what_means_something_else_stays() {
        for sql in [
            r#""user" = "Name""#,
            r#"'say "no"' || 'it''s "x"'"#,
            r#"1 -- "a""#,
            r#"/* "a" */ 1"#,
            r#"$$ "a" $$"#,
            r#""a""b" = $1"#,
            r#""order"."char""#,
        ] {
            check(sql, sql);
        }
    }
}
