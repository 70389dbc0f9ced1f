//! `migrate rules`: all codemods and rules, with the frameworks for which each changes code.

use crate::Exit;
use crate::args::{RulesArguments, RulesFormat};
use crate::console::{Console, Paint};
use crate::report::markdown::escaped;
use crate::report::severity_word;
use crate::settings::abouts;
use anyhow::Result;
use audit::Rule;
use plan::About;
use serde_json::json;
use stack::framework::Framework;

/// Runs the verb.
pub(crate) fn run(arguments: &RulesArguments, console: &Console) -> Result<Exit> {
    let abouts = abouts();
    let text = match arguments.format {
        RulesFormat::Human => human(&abouts, console.paint),
        RulesFormat::Json => json(&abouts)?,
        RulesFormat::Markdown => markdown(&abouts),
    };
    console.result(&text)?;
    Ok(Exit::Done)
}

/// The frameworks that a migration supports.
fn supported() -> Vec<&'static dyn Framework> {
    let all = stack::framework::ALL.iter().copied();
    all.filter(|framework| framework.unsupported().is_none() && framework.id() != "none").collect()
}

fn human(abouts: &[About], paint: Paint) -> String {
    let mut text = String::new();
    for about in abouts {
        let frameworks =
            supported().into_iter().filter(|framework| about.frameworks.contains(&framework.id()));
        let frameworks: Vec<_> = frameworks.map(|framework| framework.title()).collect();
        let changes = if frameworks.is_empty() {
            "reports only".to_owned()
        } else {
            format!("changes {}", frameworks.join(", "))
        };
        text += &format!("{}  {}\n  {}\n", paint.bold(about.id), about.title, paint.dim(&changes));
        let width = about.rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
        for rule in about.rules {
            text += &format!("  {:<7}  {:<width$}  {}\n", severity_word(rule.severity), rule.id, rule.title);
        }
        text.push('\n');
    }
    text + "`migrate explain ID` has the documentation of each.\n"
}

fn json(abouts: &[About]) -> Result<String> {
    let rule = |rule: &Rule| {
        json!({
            "id": rule.id,
            "title": rule.title,
            "severity": rule.severity,
            "why": rule.why,
            "aliases": rule.aliases,
        })
    };
    let codemod = |about: &About| {
        json!({
            "id": about.id,
            "title": about.title,
            "frameworks": about.frameworks,
            "rules": about.rules.iter().map(rule).collect::<Vec<_>>(),
        })
    };
    let codemods: Vec<_> = abouts.iter().map(codemod).collect();
    let all = json!({ "format_version": crate::report::FORMAT_VERSION, "tool": crate::report::TOOL, "codemods": codemods });
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

/// The page of the documentation: first the support table, then a section for each codemod.
fn markdown(abouts: &[About]) -> String {
    let frameworks = supported();
    let mut page =
        "# Codemods and rules\n\nWritten by `cargo xtask docs` from `migrate rules --format markdown`. \
        **changes**: finds and rewrites. finds: reports, and leaves the rewrite to you.\n\n"
            .to_owned();
    page += &format!(
        "| Codemod | What it is for |{}\n",
        columns(&frameworks, |framework| framework.title().to_owned())
    );
    page += &format!("|---|---|{}\n", columns(&frameworks, |_| "---".to_owned()));
    for about in abouts {
        let cell = |framework: &dyn Framework| {
            if about.frameworks.contains(&framework.id()) { "**changes**" } else { "finds" }.to_owned()
        };
        page += &format!("| `{}` | {} |{}\n", about.id, escaped(about.title), columns(&frameworks, cell));
    }
    for about in abouts {
        page += &format!(
            "\n## {}\n\n{}.\n\n| Rule | Severity | Finding |\n|---|---|---|\n",
            about.id,
            escaped(about.title)
        );
        for rule in about.rules {
            page +=
                &format!("| `{}` | {} | {} |\n", rule.id, severity_word(rule.severity), escaped(rule.title));
        }
        page += &format!("\n{}\n", demoted(about.readme).trim());
    }
    page
}

fn columns(frameworks: &[&'static dyn Framework], cell: impl Fn(&dyn Framework) -> String) -> String {
    frameworks.iter().map(|framework| format!(" {} |", cell(*framework))).collect()
}

/// A README as part of a page: its title goes, its headings move one level down. Lines of code blocks are no headings.
fn demoted(readme: &str) -> String {
    let mut page = String::new();
    let mut code = false;
    for line in readme.lines() {
        code ^= line.trim_start().starts_with("```");
        if !code && line.starts_with("# ") {
            continue;
        }
        let deeper = if !code && line.starts_with("##") { "#" } else { "" };
        page += &format!("{deeper}{line}\n");
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn headings_move_down_and_code_stays() {
        let readme = "# Title\n\n## What\n\n```sh\n# comment\n## more\n```\n";
        assert_eq!(super::demoted(readme), "\n### What\n\n```sh\n# comment\n## more\n```\n");
    }
}
