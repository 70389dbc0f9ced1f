//! Where a server that is made for one host puts what visitors load.

use crate::repository_hygiene::commands::Commands;
use audit::Survey;

/// The folder of what visitors load, by what the server is made for; empty where the configuration does not tell.
pub(super) fn of_server(survey: &Survey<'_>, commands: &Commands<'_>) -> &'static str {
    let config = survey.stack.framework.config_file(survey.project, commands.app);
    let text = config.map_or("", |file| &file.text);
    // A builder's configuration makes a server only where it is told to.
    let wrapped = stack::builder::wraps_config(text);
    let Some((_, rest)) = text.split_once("preset:") else {
        return if wrapped && !text.contains("nitro:") { "" } else { ".output/public" };
    };
    match rest.trim_start().trim_start_matches(['"', '\'', '`']) {
        rest if rest.starts_with("node") => ".output/public",
        rest if rest.starts_with("vercel") => ".vercel/output/static",
        _ => "",
    }
}
