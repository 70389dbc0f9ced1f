//! The command line: every verb and flag with its help text. The help is the manual, so it says what a flag means for the user.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The exit codes, told at the end of every verb's help.
const EXIT_CODES: &str = "\
Exit codes:
  0   done; for `check` and `plan --detailed-exitcode`: nothing found, nothing to change
  1   could not: unreadable input, a refused or failed apply; nothing was changed
  2   `check`, `plan --detailed-exitcode`: there are findings or pending changes; `verify`: a probe failed
  64  wrong usage";

const PROGRAM: &str = "\
Turns the export of an AI app builder (Lovable, Bolt, v0) into a production deployment, in one reviewable pass.

`migrate` reads the whole export, reports what would hurt in production, and plans one rewrite of it that you review as a diff \
before anything is written. The usual way:

  migrate audit             what is there, and what is wrong with it
  migrate plan --out FILE   the one pass, as a diff; saved
  migrate apply FILE        exactly that plan, all or nothing
  migrate verify            proof that the migrated app installs, builds, starts and refuses what it has to
  migrate check             in CI: exit code 2 if anything is left to do

Only `verify` needs a network, and no verb needs an account. The result goes to standard output, everything else to standard error. Secret values \
are never printed: a secret is shown as its kind and a mask.";

const CONFIGURATION: &str = "\
Configuration: `migrate.toml` in the folder that is migrated. Flags go before it.

  only = [\"secrets-to-env\"]         # codemods or rules to run
  skip = [\"env-contract/silent-fallback\"]
  safety = \"safe\"                   # which changes to make: safe, or review (both)
  target = [\"vercel\"]               # node, vercel, netlify, docker
  root = \"project\"                  # the app, if there are several
  baseline = \"migrate-baseline.toml\"
  ignore = [\"legacy/**\"]            # paths in which nothing is reported or changed

  [severity]                        # hole, warning, note
  \"secrets-to-env/literal\" = \"warning\"

To accept one finding, write on its line or the line before:
  // migrate-ignore RULE -- why it is right here";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "migrate", version, about = "Turns the export of an AI app builder into a production deployment, in one reviewable pass",
    long_about = PROGRAM, after_long_help = format!("{CONFIGURATION}\n\n{EXIT_CODES}"), disable_help_subcommand = true,
    subcommand_required = true, arg_required_else_help = true, max_term_width = 110)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// How to talk.
    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// How the program talks.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Talk {
    /// Colours: `auto` means on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Say nothing on standard error but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// List everything: every place of every finding, and the inventory.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also into a file or a pipe.
    Always,
    /// Plain text.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Report everything that is there and everything that is wrong; writes nothing.
    ///
    /// Reads the whole export - code, configuration, environment, repository - and reports every finding with its place, why it
    /// matters and what to do, and what the one pass of `migrate plan` will do about it. `--format markdown` is the written scope
    /// of the migration; `--format json` has the full inventory.
    #[command(
        after_help = "Examples:\n  migrate audit\n  migrate audit my-app --format markdown --output SCOPE.md\n  migrate audit --format sarif --output migrate.sarif\n  migrate audit --write-baseline migrate-baseline.toml --reason \"known at launch\""
    )]
    Audit(AuditArguments),
    /// Show the one-pass rewrite as a diff; writes nothing but the files you name.
    ///
    /// Prints a summary of the changes - each marked safe (the app behaves as before) or review (look at it) - and the unified
    /// diff of all of them. Every change was checked against the planned tree: it parses, and nothing is planned a second time.
    /// `--out` saves the plan for `migrate apply FILE`; the saved plan holds no secret value.
    #[command(
        after_help = "Examples:\n  migrate plan\n  migrate plan --out migration.plan && migrate apply migration.plan\n  migrate plan --patch migration.patch && git apply --check migration.patch\n  migrate plan --only secrets-to-env --safety safe"
    )]
    Plan(PlanArguments),
    /// Print a saved plan.
    ///
    /// Without a flag: its summary and its diff. The tree that it was made on is needed for the diff, because a plan holds no text
    /// of yours; it is looked for in the current folder, or in `--dir`.
    Show(ShowArguments),
    /// Rewrite the working tree: a saved plan, or a fresh one; all or nothing.
    ///
    /// Refuses a working tree with uncommitted changes, so that the rewrite can be reviewed and reverted with git, and a saved plan
    /// whose input files have changed since. Outputs are written beside their targets and renamed at the end, with a journal: an
    /// apply that was killed is finished or rolled back by the next `migrate` command. Secrets that leave the source go to
    /// `.env.local`, which git ignores; the list of what must be rotated is printed at the end.
    #[command(
        after_help = "Examples:\n  migrate apply                    plan afresh and apply, after a question\n  migrate apply migration.plan     exactly the saved plan\n  migrate apply --interactive      decide change by change\n  migrate apply --safety safe      only changes that keep the behaviour"
    )]
    Apply(ApplyArguments),
    /// The CI dry run: exit code 2 if there are findings or pending changes; writes nothing.
    #[command(
        after_help = "Examples:\n  migrate check\n  migrate check --format github\n  migrate check --baseline migrate-baseline.toml --format sarif --output migrate.sarif"
    )]
    Check(CheckArguments),
    /// Prove that the migrated app runs: install, build, start, probes.
    ///
    /// In a scratch copy, the migrated app is installed, built and type-checked beside the tree of before the migration; then its
    /// production server is started on this machine alone and asked what a visitor and an attacker would ask. Where the backend is
    /// Supabase, a stand-in on a real PostgreSQL takes its place. It runs the project's own commands: without your environment, with
    /// install scripts off and time limits. Your tree is only read.
    #[command(
        after_help = "Examples:\n  migrate verify                   after `migrate apply`\n  migrate verify --yes --format markdown --output PROOF.md\n  migrate verify --before main~1   against a revision of git"
    )]
    Verify(VerifyArguments),
    /// Restore the tree of before the last `apply`.
    ///
    /// Refuses if a file that the last `apply` wrote was changed since, and names it.
    Undo(UndoArguments),
    /// Print the documentation of one codemod or rule.
    #[command(
        after_help = "Examples:\n  migrate explain secrets-to-env\n  migrate explain secrets-to-env/literal"
    )]
    Explain(ExplainArguments),
    /// List all codemods and rules, with the frameworks each supports.
    Rules(RulesArguments),
}

/// `migrate audit`
#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
    /// Accept all findings of now: write them to FILE (`.toml` or `.json`), to be named with `--baseline`.
    ///
    /// An existing FILE is renewed: entries that still occur keep their reason and date, those that are gone are dropped.
    #[arg(long, value_name = "FILE", requires = "reason", help_heading = "Baseline")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Why the findings are accepted; stands in every new entry of the baseline.
    #[arg(long, value_name = "TEXT", requires = "write_baseline", help_heading = "Baseline")]
    pub(crate) reason: Option<String>,
}

/// `migrate plan`
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) changes: ChangeArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
    /// Save the plan, for `migrate apply FILE`.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Write the changes as a patch that `git apply` takes.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) patch: Option<PathBuf>,
    /// Exit with 2 instead of 0 if there are findings or pending changes.
    #[arg(long, help_heading = "Output")]
    pub(crate) detailed_exitcode: bool,
}

/// `migrate show`
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The saved plan.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// The tree that the plan was made on.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The plan as JSON.
    #[arg(long, group = "what")]
    pub(crate) json: bool,
    /// Only the unified diff.
    #[arg(long, group = "what")]
    pub(crate) diff: bool,
    /// Only the files, with inserted and deleted lines.
    #[arg(long, group = "what")]
    pub(crate) stat: bool,
}

/// `migrate apply`
#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// The folder to migrate, or a plan saved by `migrate plan --out`.
    #[arg(value_name = "DIR or PLAN", default_value = ".")]
    pub(crate) what: PathBuf,
    /// The tree to apply a saved plan to, if not the current folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    #[command(flatten)]
    pub(crate) changes: ChangeArguments,
    /// Do not ask before writing.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Decide change by change: y (yes), n (no), a (all that follow), q (stop here), ? (show it). Needs a terminal.
    #[arg(short, long, conflicts_with = "yes")]
    pub(crate) interactive: bool,
    #[command(flatten)]
    pub(crate) gate: GateArguments,
}

/// What the git gate lets through.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Git")]
pub(crate) struct GateArguments {
    /// Go ahead though the folder has uncommitted changes.
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    /// Go ahead though the folder has staged changes.
    #[arg(long)]
    pub(crate) allow_staged: bool,
    /// Go ahead though the folder is not under git: then only `migrate undo` can take the rewrite back.
    #[arg(long)]
    pub(crate) allow_no_vcs: bool,
}

/// `migrate check`
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) changes: ChangeArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

/// `migrate verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The migrated app.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The folder of the app, where the tree holds several.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<String>,
    /// The tree of before the migration, as a revision of git. Without it: what the last `migrate apply` kept, else the last commit if
    /// there are changes since.
    #[arg(long, value_name = "REVISION")]
    pub(crate) before: Option<String>,
    /// Compare the errors of eslint, too.
    #[arg(long)]
    pub(crate) lint: bool,
    /// Do not ask before running the project's commands. Needed where nobody can answer.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How to print the report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ProofFormat::Human, help_heading = "Output")]
    pub(crate) format: ProofFormat,
    /// Write the report to FILE instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
}

/// How `migrate verify` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProofFormat {
    /// For the terminal.
    Human,
    /// One object.
    Json,
    /// A page for a pull request.
    Markdown,
    /// A page by itself, without scripts.
    Html,
}

/// `migrate undo`
#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The folder that was migrated.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Restore files that were changed since the apply, too: these changes are lost.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `migrate explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A codemod (`secrets-to-env`) or a rule (`secrets-to-env/literal`); `migrate rules` lists them.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// `migrate rules`
#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    /// How to print the list.
    #[arg(long, value_enum, default_value_t = RulesFormat::Human)]
    pub(crate) format: RulesFormat,
}

/// How `migrate rules` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulesFormat {
    /// A table.
    Human,
    /// One object.
    Json,
    /// A page with the support table.
    Markdown,
}

/// What is read.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// The export; the app inside it is found.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
}

/// Which part of the tree and which rules.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArguments {
    /// Run only these codemods or rules.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Leave out these codemods or rules.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// The folder of the app, where the export holds several.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<String>,
    /// Where the app will run; found from the configuration when absent. May be repeated.
    #[arg(long, value_name = "HOST", value_enum)]
    pub(crate) target: Vec<Target>,
    /// Findings that were accepted: they are neither reported nor changed.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// The configuration, if not `migrate.toml` in the folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Look at files that git ignores, too. Env files are always looked at.
    #[arg(long)]
    pub(crate) no_ignore: bool,
}

/// Which changes.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct ChangeArguments {
    /// Which changes to make: `safe` (the app behaves as before) or `review` (these and the ones to be looked at; the default).
    #[arg(long, value_name = "CLASS", value_enum)]
    pub(crate) safety: Option<SafetyClass>,
}

/// How far to trust a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SafetyClass {
    /// Only changes after which the app behaves as before.
    Safe,
    /// These, and changes to be looked at.
    Review,
}

/// How the report is printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportArguments {
    /// How to print the report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Write the report to FILE instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The formats of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For the terminal.
    Human,
    /// One object with findings, inventory and changes.
    Json,
    /// A header, one finding a line, a summary.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions, and a job summary.
    Github,
    /// The written scope of the migration.
    Markdown,
    /// The written scope as one page, without scripts.
    Html,
}

/// Where the app will run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// A Node server of your own.
    Node,
    /// Vercel.
    Vercel,
    /// Netlify.
    Netlify,
    /// A container.
    Docker,
}

impl Target {
    /// Its id, as hosts are called everywhere.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Vercel => "vercel",
            Self::Netlify => "netlify",
            Self::Docker => "docker",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
