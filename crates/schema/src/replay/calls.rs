//! Functions that blocks call to build texts and to ask for names.

use super::catalog::{Row, Values, bare, value_over};
use crate::Schema;
use crate::sql::node::{self, Kind, Node};

/// What a call gives: `Some(None)` for NULL, `None` if it is not known.
pub(super) fn call(
    schema: &Schema,
    node: &Node,
    values: &Values,
    over: Option<&Row>,
) -> Option<Option<String>> {
    let callee = node::path(&node.children().next()?).pop()?;
    let list = node::child(node, Kind::ARG_LIST)?;
    let arguments = node::children(&list, Kind::ARG).into_iter().filter_map(|it| node::expression(&it));
    let mut arguments = arguments.map(|it| value_over(schema, &it, values, over));
    match callee.as_str() {
        "format" => {
            let template = arguments.next()???;
            let mut made = String::new();
            let mut rest = template.as_str();
            let given: Vec<_> = arguments.collect();
            let mut next = 0;
            while let Some(at) = rest.find('%') {
                made.push_str(&rest[..at]);
                let mut tail = &rest[at + 1..];
                if let Some((number, after)) = tail.split_once('$')
                    && let Ok(number) = number.parse::<usize>()
                {
                    next = number.checked_sub(1)?;
                    tail = after;
                }
                let letter = tail.chars().next()?;
                rest = &tail[letter.len_utf8()..];
                if letter == '%' {
                    made.push('%');
                    continue;
                }
                let text = given.get(next)?.clone()??;
                next += 1;
                match letter {
                    'I' => made.push_str(&quoted_name(&text)),
                    'L' => made.push_str(&format!("'{}'", text.replace('\'', "''"))),
                    _ => made.push_str(&text),
                }
            }
            made.push_str(rest);
            Some(Some(made))
        }
        "pg_get_function_identity_arguments" | "pg_get_function_arguments" => {
            let signature = arguments.next()???;
            let (_, rest) = signature.split_once('(')?;
            Some(Some(rest.trim_end_matches(')').to_owned()))
        }
        "quote_ident" => Some(Some(quoted_name(&arguments.next()???))),
        "quote_literal" => Some(Some(format!("'{}'", arguments.next()???.replace('\'', "''")))),
        "lower" => Some(Some(arguments.next()???.to_lowercase())),
        "to_regclass" | "to_regtype" => {
            let name = bare(&arguments.next()???);
            let known = schema.tables.keys().chain(schema.enums.keys()).any(|it| it.name == name);
            Some(known.then_some(name))
        }
        "to_regproc" | "to_regprocedure" => {
            let name = bare(arguments.next()???.split('(').next()?);
            Some(schema.functions.iter().any(|it| it.name.name == name).then_some(name))
        }
        "concat" => {
            arguments.map(|it| it.flatten()).collect::<Option<Vec<_>>>().map(|parts| Some(parts.concat()))
        }
        _ => None,
    }
}

fn quoted_name(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
