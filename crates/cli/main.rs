//! `migrate`: audits the export of an AI app builder and rewrites it in one reviewable pass. One file for each verb; the way of
//! the data that they share - read, know, audit, plan - is [`pass`]; everything that is shown comes from one [`report`].

mod apply;
mod args;
mod audit;
mod baseline;
mod check;
mod config;
mod console;
mod explain;
mod pass;
mod plan;
mod report;
mod rules;
mod selection;
mod settings;
mod show;
mod suggest;
mod suppress;
mod undo;
mod verify;

use args::{Arguments, Verb};
use clap::Parser;
use clap::error::ErrorKind;
use console::Console;
use std::fmt;
use std::process::ExitCode;

/// Trees and rows are many small pieces of memory, made and freed on all cores: the system's allocator takes a quarter of a run for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a run ends, as the exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All done; nothing found, where that is the question.
    Done,
    /// It could not be done; nothing was changed.
    Failed,
    /// There are findings or pending changes.
    Found,
    /// The command line means nothing.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Found => Self::from(2),
            Exit::Usage => Self::from(64),
        }
    }
}

/// A command line that parses, and still means nothing.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Whoever asked for the help or the version got what they wanted, also if they closed the pipe.
            drop(error.print());
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { Exit::Done } else { Exit::Usage }.into();
        }
    };
    let console = Console::new(arguments.talk);
    let done = match &arguments.verb {
        Verb::Audit(arguments) => audit::run(arguments, &console),
        Verb::Plan(arguments) => plan::run(arguments, &console),
        Verb::Show(arguments) => show::run(arguments, &console),
        Verb::Apply(arguments) => apply::run(arguments, &console),
        Verb::Check(arguments) => check::run(arguments, &console),
        Verb::Verify(arguments) => verify::run(arguments, &console),
        Verb::Undo(arguments) => undo::run(arguments, &console),
        Verb::Explain(arguments) => explain::run(arguments, &console),
        Verb::Rules(arguments) => rules::run(arguments, &console),
    };
    let exit = done.unwrap_or_else(|error| {
        console.error(&sentence(&error));
        if error.is::<Usage>() { Exit::Usage } else { Exit::Failed }
    });
    exit.into()
}

/// The error with its causes, as prose.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some causes repeat what is around them.
        if !said.contains(&cause) {
            let joint = match said.chars().last() {
                None => "",
                Some('.' | '!' | '?') => " ",
                Some(_) => ": ",
            };
            said = format!("{said}{joint}{cause}");
        }
    }
    said
}
