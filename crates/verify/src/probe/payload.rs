//! The payload of a call, as the serialiser of the framework writes it: every value is an object that says of what kind it is.

use serde_json::{Value, json};

/// The payload that carries `argument` (JSON), or none.
pub(super) fn of(argument: &str) -> String {
    let data = serde_json::from_str::<Value>(argument).ok();
    let mut places = 0;
    let fields = data.map(|data| json!({ "data": data })).unwrap_or_else(|| json!({}));
    json!({ "t": node(&fields, &mut places), "f": 63, "m": [] }).to_string()
}

/// A value. Objects and lists are numbered in the order in which they begin.
fn node(value: &Value, places: &mut u32) -> Value {
    let mut next = || {
        let place = *places;
        *places += 1;
        place
    };
    match value {
        Value::Null => json!({ "t": 2, "s": 0 }),
        Value::Bool(given) => json!({ "t": 2, "s": if *given { 2 } else { 3 } }),
        Value::Number(number) => json!({ "t": 0, "s": number }),
        Value::String(text) => json!({ "t": 1, "s": quoted(text) }),
        Value::Array(items) => {
            let place = next();
            let items: Vec<Value> = items.iter().map(|item| node(item, places)).collect();
            json!({ "t": 9, "i": place, "a": items, "o": 0 })
        }
        Value::Object(fields) => {
            let place = next();
            let names: Vec<String> = fields.keys().map(|name| quoted(name)).collect();
            let values: Vec<Value> = fields.values().map(|value| node(value, places)).collect();
            json!({ "t": 10, "i": place, "p": { "k": names, "v": values }, "o": 0 })
        }
    }
}

/// Text as it stands between the quotes of a script.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('<', "\\x3C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(argument: &str, written: &str) {
        let expected = format!(r#"{{"t":{written},"f":63,"m":[]}}"#);
        let (found, expected): (Value, Value) =
            (serde_json::from_str(&of(argument)).unwrap(), serde_json::from_str(&expected).unwrap());
        assert_eq!(found, expected, "{argument}");
    }

    // As seroval 1.8.1 writes them.
    #[test]
    fn a_call_is_written_as_the_framework_writes_it() {
        check("", r#"{"t":10,"i":0,"p":{"k":[],"v":[]},"o":0}"#);
        check(
            r#"{"scope":"global"}"#,
            r#"{"t":10,"i":0,"p":{"k":["data"],"v":[{"t":10,"i":1,"p":{"k":["scope"],"v":[{"t":1,"s":"global"}]},"o":0}]},"o":0}"#,
        );
        check(
            r#"[{"a":1,"b":null,"c":true,"d":false,"e":"x\"<y\n"}]"#,
            r#"{"t":10,"i":0,"p":{"k":["data"],"v":[{"t":9,"i":1,"a":[{"t":10,"i":2,"p":{"k":["a","b","c","d","e"],"v":[{"t":0,"s":1},{"t":2,"s":0},{"t":2,"s":2},{"t":2,"s":3},{"t":1,"s":"x\\\"\\x3Cy\\n"}]},"o":0}],"o":0}]},"o":0}"#,
        );
    }
}
