//! JSON by the contract: one object, or one line for each finding between a header and a summary.

use super::Report;
use anyhow::Result;
use serde_json::{Value, json};

/// One object.
pub(crate) fn object(report: &Report) -> Result<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// A header, the findings, a summary: one object a line, told apart by `type`.
pub(crate) fn lines(report: &Report) -> Result<String> {
    let typed = |kind: &str, value: Value| {
        let mut line = json!({ "type": kind });
        if let (Value::Object(line), Value::Object(value)) = (&mut line, value) {
            line.extend(value);
        }
        format!("{line}\n")
    };
    let header =
        json!({ "format_version": report.format_version, "tool": report.tool, "project": report.project });
    let mut text = typed("header", header);
    for finding in &report.findings {
        text += &typed("finding", serde_json::to_value(finding)?);
    }
    Ok(text + &typed("summary", serde_json::to_value(&report.summary)?))
}
