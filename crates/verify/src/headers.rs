//! Security headers, scored by a table that stands as data beside this file with its source.

use crate::http::Response;
use anyhow::{Context, Result};
use serde::Deserialize;

/// The table.
#[derive(Deserialize)]
struct Table {
    start: i64,
    pass_mark: i64,
    rows: Vec<Row>,
    grades: Vec<(i64, String)>,
}

/// One row: when it is hit, what it costs or gives.
#[derive(Deserialize)]
struct Row {
    header: String,
    when: String,
    #[serde(default)]
    value: String,
    /// Asked only where this other header is there.
    with: Option<String>,
    /// Asked only where this other header is not.
    unless: Option<String>,
    score: i64,
    /// A hit is a failure, whatever the score.
    must: bool,
    say: String,
}

/// What an answer's headers are worth.
pub(crate) struct Score {
    pub(crate) points: i64,
    pub(crate) grade: String,
    /// What costs points, in words.
    pub(crate) faults: Vec<String>,
    pub(crate) passes: bool,
}

/// Scores one answer.
pub(crate) fn score(answer: &Response) -> Result<Score> {
    let table: Table = serde_json::from_str(include_str!("headers.json")).context("the table of headers")?;
    let has = |header: &String| answer.header(header).is_some();
    let is_asked = |row: &&Row| row.with.as_ref().is_none_or(has) && !row.unless.as_ref().is_some_and(has);
    let hit: Vec<&Row> = table.rows.iter().filter(is_asked).filter(|row| is_hit(row, answer)).collect();
    let lost: i64 = hit.iter().map(|row| row.score).filter(|score| *score < 0).sum();
    let won: i64 = hit.iter().map(|row| row.score).filter(|score| *score > 0).sum();
    let base = table.start + lost;
    // What is good counts only where not much is bad.
    let points = (if base >= 90 { base + won } else { base }).max(0);
    let grade =
        table.grades.iter().find(|(least, _)| points >= *least).map_or("F", |(_, grade)| grade.as_str());
    let faults =
        hit.iter().filter(|row| row.score < 0).map(|row| format!("{} ({})", row.say, row.score)).collect();
    let passes = points >= table.pass_mark && !hit.iter().any(|row| row.must);
    Ok(Score { points, grade: grade.to_owned(), faults, passes })
}

fn is_hit(row: &Row, answer: &Response) -> bool {
    let value = answer.header(&row.header).map(str::to_lowercase);
    let Some(value) = value else {
        return match row.when.as_str() {
            "missing" | "is-not" => true,
            "frames" => {
                directive(answer, "frame-ancestors").is_none_or(|sources| sources.contains(&"*".to_owned()))
            }
            _ => false,
        };
    };
    let scripts =
        || directive(answer, "script-src").or_else(|| directive(answer, "default-src")).unwrap_or_default();
    // A nonce or a hash makes browsers pass over 'unsafe-inline'.
    let strict =
        || scripts().iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha"));
    match row.when.as_str() {
        "is-not" => value != row.value,
        "one-of" => row.value.split(' ').any(|one| one == value),
        "max-age-below" => {
            let age =
                value.split(';').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
            age.unwrap_or(0) < row.value.parse().unwrap_or(0)
        }
        "script-holds" => scripts().contains(&row.value) && !(row.value == "'unsafe-inline'" && strict()),
        "script-is" => {
            scripts().is_empty()
                || scripts().iter().any(|source| row.value.split(' ').any(|any| any == source))
        }
        "default-is" => {
            directive(answer, "default-src").is_some_and(|sources| sources == [row.value.clone()])
        }
        _ => false,
    }
}

/// The sources of one directive of the policy.
fn directive(answer: &Response, name: &str) -> Option<Vec<String>> {
    let policy = answer.header("content-security-policy")?.to_lowercase();
    policy.split(';').find_map(|part| {
        let mut words = part.split_whitespace();
        (words.next()? == name).then(|| words.map(str::to_owned).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], grade: &str, passes: bool) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let score = score(&Response { status: 200, headers, body: String::new() }).unwrap();
        assert_eq!((score.grade.as_str(), score.passes), (grade, passes), "{:?}", score.faults);
    }

    const GOOD: &[(&str, &str)] = &[
        ("content-security-policy", "default-src 'self'; script-src 'self'; frame-ancestors 'none'"),
        ("strict-transport-security", "max-age=15552000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ];

    #[test]
    fn a_strict_set_gets_the_best_grade() {
        check(GOOD, "A+", true);
    }

    #[test]
    fn each_header_that_is_missing_fails() {
        for at in 0..3 {
            let fewer: Vec<_> = GOOD
                .iter()
                .copied()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, row)| row)
                .collect();
            let headers =
                fewer.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert!(!score(&Response { status: 200, headers, body: String::new() }).unwrap().passes);
        }
        check(&[], "D", false);
    }

    #[test]
    fn a_policy_that_only_reports_costs_points_and_does_not_fail() {
        let mut headers = GOOD.to_vec();
        headers[0].0 = "content-security-policy-report-only";
        headers.push(("x-frame-options", "DENY"));
        check(&headers, "B", true);
    }

    #[test]
    fn a_policy_of_scripts_that_only_reports_beside_one_that_holds_does_not_fail() {
        let mut headers = GOOD.to_vec();
        headers[0].1 = "base-uri 'self'; object-src 'none'; frame-ancestors 'none'";
        check(&headers, "B+", false);
        headers.push(("content-security-policy-report-only", "default-src 'self'"));
        check(&headers, "B+", true);
    }

    #[test]
    fn inline_scripts_cost_points_unless_a_nonce_turns_them_off() {
        let mut headers = GOOD.to_vec();
        headers[0].1 = "default-src 'self'; script-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
        check(&headers, "B+", true);
        headers[0].1 =
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'nonce-abc'; frame-ancestors 'none'";
        check(&headers, "A+", true);
    }
}
