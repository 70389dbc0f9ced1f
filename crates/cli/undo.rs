//! `migrate undo`: the tree of before the last apply.

use crate::args::UndoArguments;
use crate::console::Console;
use crate::report::count;
use crate::{Exit, pass};
use anyhow::{Result, ensure};
use apply::undo::Changed;

/// Runs the verb.
pub(crate) fn run(arguments: &UndoArguments, console: &Console) -> Result<Exit> {
    let folder = &arguments.dir;
    ensure!(
        folder.is_dir(),
        "`{}` is not a folder. Give the folder in which `migrate apply` ran.",
        folder.display()
    );
    pass::recover(folder, console)?;
    let changed = if arguments.force { Changed::Overwrite } else { Changed::Refuse };
    let undone = apply::undo(folder, changed)?;
    for note in &undone.notes {
        console.warning(note);
    }
    let mut text = format!("{} as before the last apply.\n", count(undone.files.len(), "file"));
    if !undone.tracked.is_empty() {
        text += &format!("git tracks {} again.\n", count(undone.tracked.len(), "file"));
    }
    if console.verbose {
        text.extend(undone.files.iter().map(|file| format!("  {file}\n")));
    }
    console.result(&text)?;
    Ok(Exit::Done)
}
