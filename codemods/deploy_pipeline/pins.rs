//! Workflows that are there: actions pinned to the commit of the release that they name, and no more rights than they use.

use super::checks::workflows;
use super::{ID, PERMISSIONS, UNPINNED};
use audit::finding::Related;
use audit::{Confidence, Finding, Survey};
use edit::{Edit, Span};
use plan::{Change, Safety};
use project::File;
use std::ops::Range;

/// The last release of each major that was looked up, with its commit. As of 2026-11.
const RELEASES: &[(&str, &str, &str, &str)] = &[
    ("actions/checkout", "v3", "v3.7.0", "a37ce9120846195fa4ece8f58b268e6043cb2f26"),
    ("actions/checkout", "v4", "v4.4.0", "11d5960a326750d5838078e36cf38b85af677262"),
    ("actions/checkout", "v5", "v5.1.0", "fbc6f3992d24b796d5a048ff273f7fcc4a7b6c09"),
    ("actions/checkout", "v6", "v6.1.0", "d23441a48e516b6c34aea4fa41551a30e30af803"),
    ("actions/checkout", "v7", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    ("actions/setup-node", "v3", "v3.9.1", "3235b876344d2a9aa001b8d1453c930bba69e610"),
    ("actions/setup-node", "v4", "v4.4.0", "49933ea5288caeca8642d1e84afbd3f7d6820020"),
    ("actions/setup-node", "v5", "v5.0.0", "a0853c24544627f65ddf259abe73b1d18a591444"),
    ("actions/setup-node", "v6", "v6.5.0", "249970729cb0ef3589644e2896645e5dc5ba9c38"),
    ("actions/setup-node", "v7", "v7.0.0", "820762786026740c76f36085b0efc47a31fe5020"),
    ("pnpm/action-setup", "v3", "v3.0.0", "a3252b78c470c02df07e9d59298aecedc3ccdd6d"),
    ("pnpm/action-setup", "v4", "v4.1.0", "a7487c7e89a18df4991f7f222e4898a00d66ddda"),
    ("oven-sh/setup-bun", "v2", "v2.2.0", "0c5077e51419868618aeaa5fe8019c62421857d6"),
];

/// An action that a workflow runs by a tag or a branch.
struct Loose {
    /// `owner/name`.
    action: String,
    /// What stands behind the `@`.
    tag: String,
    range: Range<usize>,
    /// Whether a comment stands behind it.
    commented: bool,
}

fn loose(file: &File) -> Vec<Loose> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let words = line.trim_start().trim_start_matches("- ");
        let Some(rest) = words.trim_start().strip_prefix("uses:") else { continue };
        let value = rest.trim().split([' ', '#']).next().unwrap_or("").trim_matches(['"', '\'']);
        let Some((action, tag)) = value.split_once('@') else { continue };
        let fixed = tag.len() == 40 && tag.chars().all(|digit| digit.is_ascii_hexdigit());
        if fixed || action.starts_with('.') || action.contains("docker:") {
            continue;
        }
        let Some(begin) = line.find(&format!("@{tag}")) else { continue };
        let begin = start + begin + 1;
        found.push(Loose {
            action: action.to_owned(),
            tag: tag.to_owned(),
            range: begin..begin + tag.len(),
            commented: line.contains('#'),
        });
    }
    found
}

fn release(loose: &Loose) -> Option<(&'static str, &'static str)> {
    let major = loose.tag.split('.').next().unwrap_or(&loose.tag);
    let known = RELEASES.iter().find(|(action, of, ..)| *action == loose.action && *of == major);
    known.map(|(_, _, version, commit)| (*version, *commit))
}

/// Where `permissions` can be said, if the workflow does not say them and nothing in it needs more than to read.
fn unsaid(file: &File) -> Option<usize> {
    let text = &file.text;
    if text.contains("permissions:") {
        return None;
    }
    let writes = [
        "GITHUB_TOKEN",
        "github.token",
        "gh ",
        "git push",
        "deploy",
        "release",
        "publish",
        "comment",
        "upload-sarif",
    ];
    if writes.iter().any(|word| text.contains(word)) {
        return None;
    }
    if text.starts_with("jobs:") { Some(0) } else { text.find("\njobs:").map(|at| at + 1) }
}

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workflows(survey) {
        let loose = loose(file);
        if let Some(first) = loose.first() {
            let mut names: Vec<String> = Vec::new();
            for name in loose.iter().map(|one| format!("`{}@{}`", one.action, one.tag)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let all = loose.iter().all(|one| release(one).is_some());
            findings.push(Finding {
                rule: UNPINNED.id,
                severity: UNPINNED.severity,
                confidence: Confidence::Certain,
                span: file.span(first.range.clone()),
                message: format!("{} {} by a name that can move.", names.join(", "), if names.len() == 1 { "is run" } else { "are run" }),
                why: UNPINNED.why.into(),
                todo: if all {
                    "Pin each to the commit of its release; Dependabot moves the pin.".into()
                } else {
                    "Pin each to the commit of its release: `git ls-remote https://github.com/OWNER/NAME refs/tags/TAG` says which.".into()
                },
                related: loose[1..]
                    .iter()
                    .map(|one| Related { span: file.span(one.range.clone()), message: "and here".into() })
                    .collect(),
                subject: String::new(),
            });
        }
        if let Some(at) = unsaid(file) {
            findings.push(Finding {
                rule: PERMISSIONS.id,
                severity: PERMISSIONS.severity,
                confidence: Confidence::Likely,
                span: file.span(at..at),
                message: "The workflow does not say what its token may do.".into(),
                why: PERMISSIONS.why.into(),
                todo: "Say `permissions:` with `contents: read`, and more only where a job needs it.".into(),
                related: Vec::new(),
                subject: String::new(),
            });
        }
    }
    findings
}

pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    let mut changes = Vec::new();
    for file in workflows(survey) {
        let mut change = Change::new(
            ID,
            format!("Pin the actions and the rights of {}", file.path.name()),
            Safety::Review,
        );
        for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.span.file == file.id) {
            if finding.rule == UNPINNED.id {
                let loose = loose(file);
                if !loose.iter().all(|one| release(one).is_some()) {
                    continue;
                }
                for one in loose {
                    let Some((version, commit)) = release(&one) else { continue };
                    let comment = if one.commented { String::new() } else { format!(" # {version}") };
                    change.edits.push(Edit::replace(file.span(one.range), format!("{commit}{comment}")));
                }
                change.fixes.push(at);
            } else if finding.rule == PERMISSIONS.id
                && let Some(place) = unsaid(file)
            {
                let end = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
                let text = format!("permissions:{end}  contents: read{end}{end}");
                change.edits.push(Edit::replace(Span::new(file.id, place..place), text));
                change.fixes.push(at);
            }
        }
        if !change.fixes.is_empty() {
            changes.push(change);
        }
    }
    changes
}
