//! The proof of `migrate verify`, for people and for programs.

use super::html::{STYLE, escaped};
use super::redact::Redactor;
use super::{FORMAT_VERSION, markdown};
use crate::console::Paint;
use anyhow::Result;
use audit::Survey;
use serde_json::json;
use verify::{Outcome, Probe, Report};

/// For a terminal: a line for each probe, and what it saw.
pub(crate) fn human(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    for condition in &report.conditions {
        text += &format!("{}\n", paint.dim(condition));
    }
    text.push('\n');
    for probe in &report.probes {
        let mark = match probe.outcome {
            Outcome::Pass => "pass   ".to_owned(),
            Outcome::Fail => paint.hole("FAIL   "),
            Outcome::NotRun => paint.dim("not run"),
        };
        let brief = if probe.outcome == Outcome::Fail { String::new() } else { brief(probe) };
        text += &format!("{mark} {}{}\n", probe.title, paint.dim(&brief));
        if probe.outcome == Outcome::Fail {
            text.extend(probe.details.iter().map(|detail| format!("          {detail}\n")));
        }
    }
    text + &format!("\n{}\n", paint.bold(&totals(report)))
}

/// What passed or was not run, in brackets.
fn brief(probe: &Probe) -> String {
    let details = probe.details.join("; ");
    if details.is_empty() { String::new() } else { format!(" ({details})") }
}

fn totals(report: &Report) -> String {
    let count = |outcome| report.count(outcome);
    format!(
        "{} passed, {} failed, {} not run",
        count(Outcome::Pass),
        count(Outcome::Fail),
        count(Outcome::NotRun)
    )
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "FAIL",
        Outcome::NotRun => "not run",
    }
}

/// For programs. No clock, no path of the machine.
pub(crate) fn json(report: &Report, survey: &Survey<'_>, redactor: &Redactor) -> Result<String> {
    let object = json!({
        "format_version": FORMAT_VERSION,
        "tool": super::TOOL,
        "project": super::build::facts(survey),
        "conditions": report.conditions,
        "probes": report.probes,
        "summary": {
            "pass": report.count(Outcome::Pass),
            "fail": report.count(Outcome::Fail),
            "not_run": report.count(Outcome::NotRun),
        },
    });
    Ok(format!("{}\n", redactor.net(&serde_json::to_string_pretty(&object)?)))
}

/// For a pull request.
pub(crate) fn markdown(report: &Report) -> String {
    let mut text = format!("# Proof of the migration\n\n**{}**\n\n", totals(report));
    text.extend(report.conditions.iter().map(|condition| format!("- {}\n", markdown::escaped(condition))));
    text += "\n| probe | | what was seen |\n|---|---|---|\n";
    for probe in &report.probes {
        let details: Vec<String> = probe.details.iter().map(|detail| markdown::escaped(detail)).collect();
        let title = markdown::escaped(probe.title);
        text += &format!(
            "| {title} | {} | {} |\n",
            word(probe.outcome),
            details.join("<br>").replace('|', "\\|")
        );
    }
    text
}

/// A page by itself.
pub(crate) fn html(report: &Report) -> String {
    let mut rows = String::new();
    for probe in &report.probes {
        let class = if probe.outcome == Outcome::Fail { "hole" } else { "note" };
        let details: Vec<String> = probe.details.iter().map(|detail| escaped(detail)).collect();
        rows += &format!(
            "<tr><td>{}</td><td class=\"{class}\">{}</td><td>{}</td></tr>\n",
            escaped(probe.title),
            word(probe.outcome),
            details.join("<br>")
        );
    }
    let conditions: String =
        report.conditions.iter().map(|condition| format!("<li>{}</li>\n", escaped(condition))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Proof of the migration</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Proof of the migration</h1>\n<p><strong>{}</strong></p>\n<ul>\n{conditions}</ul>\n\
         <table>\n<tr><th>Probe</th><th></th><th>What was seen</th></tr>\n{rows}</table>\n</body>\n</html>\n",
        totals(report)
    )
}
