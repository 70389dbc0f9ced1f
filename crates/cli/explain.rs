//! `migrate explain`: the documentation of one codemod or rule.

use crate::args::ExplainArguments;
use crate::console::Console;
use crate::report::severity_word;
use crate::settings::{abouts, known};
use crate::{Exit, Usage};
use anyhow::Result;
use audit::Rule;
use plan::About;

/// Runs the verb.
pub(crate) fn run(arguments: &ExplainArguments, console: &Console) -> Result<Exit> {
    let id = arguments.id.as_str();
    known(id).map_err(Usage)?;
    for about in abouts() {
        if about.id == id {
            console.result(&format!("{}\n", about.readme.trim_end()))?;
        } else if let Some(rule) = about.rules.iter().find(|rule| rule.id == id) {
            console.result(&of_rule(&about, rule))?;
        }
    }
    Ok(Exit::Done)
}

fn of_rule(about: &About, rule: &Rule) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n{}\n\nSeverity: {}\n",
        rule.id,
        rule.title,
        rule.why,
        severity_word(rule.severity)
    );
    if !rule.aliases.is_empty() {
        text += &format!("Also known as: {}\n", rule.aliases.join(", "));
    }
    text + &format!(
        "Part of: {} (`migrate explain {}` says what is changed and what is left to you)\n",
        about.title, about.id
    )
}
