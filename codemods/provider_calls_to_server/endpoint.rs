//! The endpoints of the server: one for each provider and path, with all calls that it serves.

use super::body::{Field, Value};
use super::calls::{Call, of_host};
use super::provider;
use audit::Survey;
use std::collections::{BTreeMap, BTreeSet};

/// An endpoint.
pub(super) struct Endpoint<'c> {
    pub(super) name: String,
    pub(super) calls: Vec<&'c Call>,
}

/// All of them, in the order of their first calls.
pub(super) fn endpoints(calls: &[Call]) -> Vec<Endpoint<'_>> {
    let mut found: Vec<Endpoint<'_>> = Vec::new();
    for call in calls {
        let same = |one: &&mut Endpoint<'_>| {
            let first = one.calls[0];
            first.address == call.address
                && first.key.name == call.key.name
                && first.key_header == call.key_header
                && first.headers == call.headers
        };
        if let Some(known) = found.iter_mut().find(same) {
            known.calls.push(call);
            continue;
        }
        let plain = name(call);
        let taken = |name: &str| found.iter().any(|one| one.name == name);
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken(name));
        found.push(Endpoint { name: free.unwrap_or(plain), calls: vec![call] });
    }
    found
}

/// `openai-chat-completions`.
fn name(call: &Call) -> String {
    let address = call.plain_address();
    let host = of_host(address);
    let path = address.trim_start_matches("https://").trim_start_matches(&host);
    let path = path.split('?').next().unwrap_or("");
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && !is_version(part) && *part != "api" && *part != "models");
    let mut words = vec![provider::of(&host).id];
    words.extend(parts.map(provider::slug));
    if words.len() > 1 && words[1].starts_with(&words[0]) {
        words.remove(0);
    }
    words.join("-")
}

impl Endpoint<'_> {
    /// The lines of its route.
    pub(super) fn route(&self, survey: &Survey<'_>) -> String {
        let first = self.calls[0];
        let places: BTreeSet<&str> =
            self.calls.iter().map(|call| survey.project.get(call.span.file).path.as_str()).collect();
        let places: Vec<&str> = places.into_iter().collect();
        let variable = format!("env.{}", first.key.name);
        let url = match &first.address {
            (before, Some(behind)) => format!("`{before}${{encodeURIComponent({variable})}}{behind}`"),
            (address, None) => format!("\"{address}\""),
        };
        let mut headers: Vec<String> =
            first.headers.iter().map(|(name, value)| format!("{}: \"{value}\"", key(name))).collect();
        if let Some((name, before, _)) = &first.key_header {
            let value = if before.is_empty() { variable } else { format!("`{before}${{{variable}}}`") };
            headers.insert(0, format!("{}: {value}", key(name)));
        }
        let headers =
            if headers.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", headers.join(", ")) };
        let fields: Vec<String> = self
            .fields()
            .iter()
            .map(|field| format!("          {}: {},\n", key(&field.name), schema(field)))
            .collect();
        format!(
            "// {}\n    .post(\"/{}\", (c) =>\n      forward(c, env, {{\n        url: {url},\n        headers: {headers},\n        body: z.strictObject({{\n{}        }}),\n      }}),\n    )",
            places.join(", "),
            self.name,
            fields.concat(),
        )
    }

    /// The keys of all calls: what one of them does not send may be missing.
    fn fields(&self) -> Vec<Field> {
        let mut all: BTreeMap<&str, (usize, Field)> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        for field in self.calls.iter().flat_map(|call| &call.fields) {
            match all.get_mut(field.name.as_str()) {
                Some((count, known)) => {
                    *count += 1;
                    known.optional |= field.optional;
                    known.value = joined(&known.value, &field.value);
                }
                None => {
                    order.push(&field.name);
                    all.insert(&field.name, (1, field.clone()));
                }
            }
        }
        let field = |name: &str| {
            all.get(name).map(|(count, field)| Field {
                optional: field.optional || *count < self.calls.len(),
                ..field.clone()
            })
        };
        order.into_iter().filter_map(field).collect()
    }
}

fn joined(one: &Value, other: &Value) -> Value {
    match (one, other) {
        (Value::Literals(one), Value::Literals(other)) => Value::Literals(one | other),
        (Value::Tokens(one), Value::Tokens(other)) => Value::Tokens(*one.max(other)),
        _ => Value::Json,
    }
}

fn schema(field: &Field) -> String {
    let schema = match &field.value {
        Value::Literals(known) if field.name == "model" => {
            format!("z.enum([{}])", known.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        Value::Literals(known) if known.len() == 1 => {
            format!("z.literal({})", known.iter().cloned().collect::<String>())
        }
        Value::Literals(known) => {
            format!("z.literal([{}])", known.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        Value::Tokens(most) => format!("z.number().int().min(1).max({most})"),
        Value::Json => "z.json()".to_owned(),
    };
    if field.optional { format!("{schema}.optional()") } else { schema }
}

/// A key of an object, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_word = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$')
        && !name.starts_with(|letter: char| letter.is_ascii_digit());
    if is_word { name.to_owned() } else { serde_json::to_string(name).unwrap_or_default() }
}
