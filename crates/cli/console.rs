//! The only place that prints. Standard output carries the result, standard error everything else; a reader that went away is
//! no error; and no secret value passes, whoever wrote the text.

use crate::args::{Color, Talk};
use crate::report::redact::Redactor;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{BufRead, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// How this run talks.
pub(crate) struct Console {
    quiet: bool,
    /// Whether everything is listed.
    pub(crate) verbose: bool,
    /// Styles of standard output.
    pub(crate) paint: Paint,
    paint_errors: Paint,
    redactor: OnceLock<Redactor>,
}

impl Console {
    /// As the flags and the environment say.
    pub(crate) fn new(talk: Talk) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let paint = |terminal: bool| match talk.color {
            Color::Always => Paint::Styled,
            Color::Auto if terminal && !no_color && !dumb => Paint::Styled,
            Color::Auto | Color::Never => Paint::Plain,
        };
        Self {
            quiet: talk.quiet,
            verbose: talk.verbose,
            paint: paint(std::io::stdout().is_terminal()),
            paint_errors: paint(std::io::stderr().is_terminal()),
            redactor: OnceLock::new(),
        }
    }

    /// From now on these values are masked in everything that is printed.
    pub(crate) fn hide(&self, redactor: Redactor) {
        // A run reads one tree; a second set of values cannot come.
        drop(self.redactor.set(redactor));
    }

    fn masked(&self, text: &str) -> String {
        self.redactor.get().map_or_else(|| text.to_owned(), |redactor| redactor.net(text))
    }

    /// Prints the result.
    pub(crate) fn result(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(self.masked(text).as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.context("Standard output cannot be written"),
        }
    }

    /// Writes a result into a file, whole or not at all.
    pub(crate) fn file(&self, path: &Path, text: &str) -> Result<()> {
        whole(path, self.masked(text).as_bytes())
    }

    /// Adds to a file that others write to, too.
    pub(crate) fn append(&self, path: &Path, text: &str) -> Result<()> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let written = file.and_then(|mut file| file.write_all(self.masked(text).as_bytes()));
        written.with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Says how it goes, on standard error.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.error_line(&format!("{text}\n"));
        }
    }

    /// Says what the user should know, on standard error.
    pub(crate) fn warning(&self, text: &str) {
        if !self.quiet {
            self.error_line(&format!("{} {text}\n", self.paint_errors.warning("warning:")));
        }
    }

    /// Says why it could not be done. Not even `--quiet` silences it.
    pub(crate) fn error(&self, text: &str) {
        self.error_line(&format!("{} {text}\n", self.paint_errors.hole("error:")));
    }

    fn error_line(&self, text: &str) {
        // Nobody reads it: then it need not be said.
        drop(std::io::stderr().lock().write_all(self.masked(text).as_bytes()));
    }

    /// Shows that something long goes on, until it is dropped; on a terminal only.
    pub(crate) fn step(&self, what: &'static str) -> Step {
        let shown = !self.quiet && std::io::stderr().is_terminal();
        Step(shown.then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").ok();
            let bar = ProgressBar::new_spinner().with_message(what);
            let bar = style.map_or_else(|| bar.clone(), |style| bar.clone().with_style(style));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        }))
    }

    /// Whether a person is there to answer.
    pub(crate) fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks and returns the answer, trimmed; `None` at the end of input.
    pub(crate) fn ask(&self, question: &str) -> Result<Option<String>> {
        self.error_line(question);
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer).context("The answer cannot be read")?;
        Ok((read > 0).then(|| answer.trim().to_owned()))
    }

    /// Prints on standard error, with the styles of a terminal: what a question is about.
    pub(crate) fn show(&self, text: &str) {
        self.error_line(text);
    }

    /// Styles of standard error.
    pub(crate) fn paint_errors(&self) -> Paint {
        self.paint_errors
    }
}

/// Writes a file whole or not at all: beside its place, then renamed.
pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().with_context(|| format!("{} names no file", path.display()))?;
    let beside = folder.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        drop(std::fs::remove_file(&beside));
    }
    written.with_context(|| {
        format!("{} cannot be written. Is the folder there, and may you write to it?", path.display())
    })
}

/// Something long that goes on.
pub(crate) struct Step(Option<ProgressBar>);

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Whether text is styled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// With the colours of a terminal.
    Styled,
    /// As it is.
    Plain,
}

impl Paint {
    fn style(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Styled => format!("{style}{text}{style:#}"),
        }
    }

    fn color(self, color: AnsiColor, text: &str) -> String {
        self.style(color.on_default(), text)
    }

    /// Headings.
    pub(crate) fn bold(self, text: &str) -> String {
        self.style(Style::new().bold(), text)
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.style(Style::new().dimmed(), text)
    }

    /// A hole, an error.
    pub(crate) fn hole(self, text: &str) -> String {
        self.style(AnsiColor::Red.on_default().bold(), text)
    }

    /// A warning.
    pub(crate) fn warning(self, text: &str) -> String {
        self.style(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// A path.
    pub(crate) fn path(self, text: &str) -> String {
        self.color(AnsiColor::Cyan, text)
    }

    /// A unified diff.
    pub(crate) fn diff(self, diff: &str) -> String {
        if self == Self::Plain {
            return diff.to_owned();
        }
        let line = |line: &str| match line.as_bytes().first() {
            _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ") => {
                self.bold(line)
            }
            Some(b'+') => self.color(AnsiColor::Green, line),
            Some(b'-') => self.color(AnsiColor::Red, line),
            Some(b'@') => self.color(AnsiColor::Cyan, line),
            _ => line.to_owned(),
        };
        diff.lines().map(|text| line(text) + "\n").collect()
    }
}
