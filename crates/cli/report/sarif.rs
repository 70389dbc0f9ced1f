//! SARIF 2.1.0, for code scanning: every result with a place, rules with help, our fingerprints. A fix is given only for a change
//! that is nothing but edits: a change that also makes files or adds a dependency would be worse than nothing by half.

use super::{FindingRow, Report};
use anyhow::Result;
use audit::{Rule, Severity, Survey};
use edit::FileId;
use edit::merge::render;
use plan::{Change, Plan};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::redact::Redactor;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// GitHub takes 10 MB; fixes, then the least of the findings, are left out of a longer log.
const LIMIT: usize = 9_500_000;
/// GitHub takes so many results of one run.
const RESULTS: usize = 25_000;
/// A change with more edits than this is for the diff, not for a button.
const EDITS: usize = 20;

/// An edit of one file, as SARIF has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fix {
    path: String,
    /// Line and column of the start and of the end, from 1.
    region: (usize, usize, usize, usize),
    text: String,
}

/// The changes that can stand alone, by id. One whose text would show a secret value is none of them.
pub(crate) fn fixes(survey: &Survey<'_>, plan: &Plan, redactor: &Redactor) -> BTreeMap<String, Vec<Fix>> {
    let text = |file: FileId| &*survey.project.get(file).text;
    let alone = |change: &Change| {
        let more = change.requests.is_empty() && change.creates.is_empty();
        more && change.deletes.is_empty()
            && change.moves.is_empty()
            && change.untracks.is_empty()
            && change.untracks_folders.is_empty()
            && (1..=EDITS).contains(&change.edits.len())
    };
    let fix = |change: &Change| {
        let mut fixes = Vec::new();
        for edit in &change.edits {
            let file = survey.project.get(edit.span.file);
            let (line, column) = file.line_column(edit.span.start as usize);
            let (end_line, end_column) = file.line_column(edit.span.end as usize);
            let text = render(&text, &edit.replacement);
            if redactor.all.holds(&text) {
                return None;
            }
            fixes.push(Fix {
                path: file.path.to_string(),
                region: (line, column, end_line, end_column),
                text,
            });
        }
        Some(fixes)
    };
    let changes = plan.changes.iter().filter(|(_, change)| alone(change));
    changes.filter_map(|(id, change)| Some((id.clone(), fix(change)?))).collect()
}

/// The log.
pub(crate) fn log(report: &Report) -> Result<String> {
    let mut findings: Vec<&FindingRow> = report.findings.iter().collect();
    // The worst stay when not all can.
    if findings.len() > RESULTS {
        findings.sort_by_key(|finding| finding.severity);
        findings.truncate(RESULTS);
    }
    let mut text = printed(report, &findings, &report.beside.fixes)?;
    if text.len() > LIMIT {
        text = printed(report, &findings, &BTreeMap::new())?;
    }
    while text.len() > LIMIT && !findings.is_empty() {
        findings.sort_by_key(|finding| finding.severity);
        findings.truncate(findings.len() * 9 / 10);
        text = printed(report, &findings, &BTreeMap::new())?;
    }
    Ok(text)
}

fn printed(report: &Report, findings: &[&FindingRow], fixes: &BTreeMap<String, Vec<Fix>>) -> Result<String> {
    let abouts = crate::settings::abouts();
    let rules: Vec<(&str, &Rule)> =
        abouts.iter().flat_map(|about| about.rules.iter().map(move |rule| (about.title, rule))).collect();
    let index: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(at, (_, rule))| (rule.id, at)).collect();
    let prefix = &report.beside.prefix;
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, prefix, &index, fixes)).collect();
    let left_out = report.findings.len() - findings.len();
    let mut invocation = json!({ "executionSuccessful": true });
    if left_out > 0 {
        let message = format!(
            "{left_out} findings are left out, because code scanning takes no larger log. `migrate audit` shows all."
        );
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "warning", "message": { "text": message } }]);
    }
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": report.tool.name,
                "semanticVersion": report.tool.version,
                "rules": rules.iter().map(|(codemod, rule)| descriptor(codemod, rule)).collect::<Vec<_>>(),
            } },
            "invocations": [invocation],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Hole => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn descriptor(codemod: &str, rule: &Rule) -> Value {
    let name: String = rule.id.split(['/', '-']).map(capitalised).collect();
    let help =
        format!("{}\n\n`migrate explain {}` has the documentation. Part of: {codemod}.", rule.why, rule.id);
    // What code scanning sorts by: the middle of its bands critical, medium and low.
    let score = match rule.severity {
        Severity::Hole => "8.5",
        Severity::Warning => "5.0",
        Severity::Note => "2.0",
    };
    let tags: Vec<&str> = ["security"].into_iter().chain(rule.aliases.iter().copied()).collect();
    json!({
        "id": rule.id,
        "name": name,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": help.replace('`', ""), "markdown": help },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "security-severity": score, "tags": tags },
    })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn result(
    finding: &FindingRow,
    prefix: &str,
    index: &BTreeMap<&str, usize>,
    fixes: &BTreeMap<String, Vec<Fix>>,
) -> Value {
    let region = json!({
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    });
    let place =
        |path: &str, region: Value| json!({ "artifactLocation": artifact(prefix, path), "region": region });
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": format!("{} {}", finding.message, finding.todo) },
        "locations": [{ "physicalLocation": place(&finding.path, region) }],
        "partialFingerprints": { "migrate/v1": finding.fingerprint },
        "properties": { "confidence": finding.confidence, "treatment": finding.treatment },
    });
    if let Some(at) = index.get(finding.rule) {
        result["ruleIndex"] = json!(at);
    }
    if !finding.related.is_empty() {
        let related = finding.related.iter().enumerate().map(|(at, related)| {
            json!({
                "id": at,
                "message": { "text": related.message },
                "physicalLocation": place(&related.path, json!({ "startLine": related.line })),
            })
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = finding.change.as_ref().and_then(|id| fixes.get(id)) {
        result["fixes"] = json!([{ "description": { "text": finding.todo }, "artifactChanges": artifact_changes(prefix, fix) }]);
    }
    result
}

fn artifact_changes(prefix: &str, fixes: &[Fix]) -> Vec<Value> {
    let mut by_path: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for fix in fixes {
        let (line, column, end_line, end_column) = fix.region;
        by_path.entry(&fix.path).or_default().push(json!({
            "deletedRegion": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
            "insertedContent": { "text": fix.text },
        }));
    }
    let change = |(path, replacements)| json!({ "artifactLocation": artifact(prefix, path), "replacements": replacements });
    by_path.into_iter().map(change).collect()
}

fn artifact(prefix: &str, path: &str) -> Value {
    json!({ "uri": uri(&format!("{prefix}{path}")), "uriBaseId": "%SRCROOT%" })
}

/// A relative URI reference: what RFC 3986 does not allow in a path is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'/'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'@'
            | b'$'
            | b'+'
            | b'('
            | b')' => {
                uri.push(byte as char);
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("app/[id]/page 1.tsx"), "app/%5Bid%5D/page%201.tsx");
        assert_eq!(uri("src/ü.ts"), "src/%C3%BC.ts");
    }
}
