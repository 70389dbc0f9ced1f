//! Inline suppression: `// migrate-ignore RULE -- reason` on the line of a finding or the line before. The reason is required;
//! a comment that gives none, or that no finding needs, is a finding of its own.

use audit::{Confidence, Finding, Rule, Severity, Survey};
use plan::About;
use project::{File, Kind};
use std::ops::Range;

const WORD: &str = "migrate-ignore";

static RULES: [Rule; 2] = [
    Rule {
        id: "suppressions/without-reason",
        title: "A suppression gives no reason, so it does not count",
        severity: Severity::Warning,
        why: "Whoever reads the code next year must be able to see why a finding was accepted, or they have to find out again.",
        aliases: &[],
    },
    Rule {
        id: "suppressions/unused",
        title: "A suppression suppresses nothing",
        severity: Severity::Note,
        why: "The code that it was written for is gone or mended. Left in place, it would hide the next finding there.",
        aliases: &[],
    },
];

const README: &str = "\
# Suppressions

## What it finds

`migrate-ignore` comments that give no reason, name no rule, or suppress nothing.

## Why it matters

A suppression is a decision. Without its reason nobody can review it, and one that is left behind hides the next finding there.

## What it changes

Nothing.

## What is left to you

Write the reason behind ` -- `, or delete the comment:

    // migrate-ignore RULE -- why it is right here

The comment stands on the line of the finding or on the line before, in the comment syntax of the file: `//`, `/* */`, `#`, `--` or
`<!-- -->`. RULE is a rule or a codemod; several are separated by commas.
";

/// One `migrate-ignore` comment.
#[derive(Debug, PartialEq)]
struct Suppression<'t> {
    /// Its place in the text: from the word to the end of the comment.
    range: Range<usize>,
    /// Rules or codemods.
    rules: Vec<&'t str>,
    /// Why.
    reason: Option<&'t str>,
    /// Whether it is all there is on its line: then it speaks of the next line, too.
    alone: bool,
}

impl Suppression<'_> {
    fn names(&self, rule: &str) -> bool {
        self.rules.iter().any(|name| *name == rule || rule.split('/').next() == Some(name))
    }
}

/// Whether a suppression with a reason covers this finding.
pub(crate) fn covers(survey: &Survey<'_>, finding: &Finding) -> bool {
    covering(survey.project.get(finding.span.file), finding.rule, finding.span.start as usize).is_some()
}

/// Where the suppression stands that covers `rule` at byte `at`.
fn covering(file: &File, rule: &str, at: usize) -> Option<usize> {
    let text = &*file.text;
    let at = at.min(text.len());
    let own = text.as_bytes()[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1);
    let previous = own.checked_sub(1).map(|end| {
        text.as_bytes()[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1)
    });
    let counts = |start: usize| {
        let found = in_line(file.kind, text, start)?;
        (found.reason.is_some() && found.names(rule)).then_some(found)
    };
    let own = counts(own).map(|found| found.range.start);
    own.or_else(|| previous.and_then(counts).filter(|found| found.alone).map(|found| found.range.start))
}

/// The suppression in the line that starts at `start`.
fn in_line(kind: Kind, text: &str, start: usize) -> Option<Suppression<'_>> {
    let line = text.get(start..)?.split('\n').next()?;
    let at = line.find(WORD)?;
    let before = line[..at].trim_end();
    // Markdown speaks of comments; only its own comments count.
    let leaders: &[&str] = if kind == Kind::Markdown { &["<!--"] } else { &["//", "/*", "<!--", "--", "#"] };
    let leader = leaders.iter().find(|leader| before.ends_with(**leader))?;
    let said = line[at + WORD.len()..].trim_end();
    let ends = ["*/}", "*/", "-->"];
    let said = ends.iter().find_map(|end| said.strip_suffix(end)).unwrap_or(said).trim_end();
    if !said.is_empty() && !said.starts_with([' ', '\t']) {
        return None;
    }
    let (rules, reason) = match said.split_once("--") {
        Some((rules, reason)) => (rules, Some(reason.trim()).filter(|reason| !reason.is_empty())),
        None => (said, None),
    };
    let rules = rules.split([',', ' ', '\t']).filter(|rule| !rule.is_empty()).collect();
    let alone = before.strip_suffix(leader).is_some_and(|code| matches!(code.trim(), "" | "{"));
    Some(Suppression { range: start + at..start + at + WORD.len() + said.len(), rules, reason, alone })
}

fn all(file: &File) -> Vec<Suppression<'_>> {
    let text = &*file.text;
    let mut found = Vec::new();
    for (at, _) in text.match_indices(WORD) {
        let start = text[..at].rfind('\n').map_or(0, |before| before + 1);
        let suppression = in_line(file.kind, text, start);
        found.extend(suppression.filter(|suppression| suppression.range.start == at));
    }
    found
}

/// What it is.
pub(crate) fn about() -> About {
    About {
        id: "suppressions",
        title: "Hold `migrate-ignore` comments to their reasons",
        rules: &RULES,
        readme: README,
        frameworks: &[],
    }
}

/// What is wrong with the suppressions of the tree. `unsuppressed` gives all findings as if nothing were suppressed (asked only if
/// there is a suppression); `runs` says whether a name is looked at in this run: else its suppression is not unused.
pub(crate) fn findings(
    survey: &Survey<'_>,
    unsuppressed: impl FnOnce() -> Vec<Finding>,
    runs: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let files = survey.project.files.iter().filter(|file| file.text.contains(WORD));
    let suppressions: Vec<_> =
        files.flat_map(|file| all(file).into_iter().map(move |one| (file, one))).collect();
    if suppressions.is_empty() {
        return Vec::new();
    }
    let found = unsuppressed();
    let used = |file: &File, one: &Suppression<'_>| {
        let here = found.iter().filter(|finding| finding.span.file == file.id);
        let mut covered =
            here.filter_map(|finding| covering(file, finding.rule, finding.span.start as usize));
        covered.any(|at| at == one.range.start)
    };
    let [without_reason, unused] = &RULES;
    let mut findings = Vec::new();
    for (file, one) in &suppressions {
        let rules = one.rules.join(", ");
        let (rule, message, todo) = if one.rules.is_empty() {
            let message = "This suppression names no rule.".to_owned();
            (without_reason, message, "Write `migrate-ignore RULE -- reason`, or delete it.")
        } else if one.reason.is_none() {
            let message = format!("The suppression of {rules} gives no reason, so it does not count.");
            (without_reason, message, "Write the reason behind ` -- `.")
        } else if one.rules.iter().any(|rule| runs(rule)) && !used(file, one) {
            (unused, format!("Nothing here needs the suppression of {rules}."), "Delete the comment.")
        } else {
            continue;
        };
        findings.push(Finding {
            rule: rule.id,
            severity: rule.severity,
            confidence: Confidence::Certain,
            span: file.span(one.range.clone()),
            message,
            why: rule.why.to_owned(),
            todo: todo.to_owned(),
            related: Vec::new(),
            subject: rules,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, line: &str, expected: Option<(&[&str], Option<&str>, bool)>) {
        let found = in_line(kind, line, 0);
        let found = found.as_ref().map(|one| (one.rules.as_slice(), one.reason, one.alone));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn a_suppression_is_read_in_the_comment_syntax_of_the_file() {
        let expected = Some((["a/b"].as_slice(), Some("known"), true));
        check(Kind::Text, "  // migrate-ignore a/b -- known", expected);
        check(Kind::Text, "{/* migrate-ignore a/b -- known */}", expected);
        check(Kind::Yaml, "# migrate-ignore a/b -- known\r", expected);
        check(Kind::Sql, "-- migrate-ignore a/b -- known", expected);
        check(Kind::Html, "<!-- migrate-ignore a/b -- known -->", expected);
    }

    #[test]
    fn behind_code_it_does_not_stand_alone() {
        check(Kind::Text, "f(); // migrate-ignore a, b/c -- x", Some((&["a", "b/c"], Some("x"), false)));
    }

    #[test]
    fn without_a_reason_or_a_rule_it_is_still_a_suppression() {
        check(Kind::Text, "// migrate-ignore a/b", Some((&["a/b"], None, true)));
        check(Kind::Text, "// migrate-ignore a/b --", Some((&["a/b"], None, true)));
        check(Kind::Text, "// migrate-ignore", Some((&[], None, true)));
    }

    #[test]
    fn the_word_elsewhere_is_no_suppression() {
        check(Kind::Text, "const text = \"migrate-ignore a -- b\";", None);
        check(Kind::Text, "// migrate-ignored", None);
        check(Kind::Markdown, "Write `// migrate-ignore RULE -- reason`.", None);
    }
}
