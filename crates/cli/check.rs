//! `migrate check`: the dry run for CI. Exit code 2 if there is anything to do.

use crate::args::CheckArguments;
use crate::console::Console;
use crate::report::human::View;
use crate::settings::Settings;
use crate::{Exit, pass, report};
use anyhow::Result;

/// Runs the verb.
pub(crate) fn run(arguments: &CheckArguments, console: &Console) -> Result<Exit> {
    pass::recover(&arguments.input.dir, console)?;
    let settings = Settings::of(&arguments.input.dir, &arguments.input.selection, arguments.changes.safety)?;
    // What `plan` would leave out is not asked for here either.
    pass::over_sound(&settings, console, |pass| {
        pass.refuse_to_choose()?;
        let complaints = pass.settled(console);
        let report = pass.report(console);
        report::print(&report, View::Check, &arguments.report, console)?;
        Ok(if report.is_clean() && complaints.is_empty() { Exit::Done } else { Exit::Found })
    })
}
