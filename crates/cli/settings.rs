//! What one run was asked, from the flags and `migrate.toml` together; a flag goes before the file.

use crate::args::{SafetyClass, SelectionArguments, Target};
use crate::baseline::Baseline;
use crate::config::{Config, globs};
use crate::{Usage, suggest, suppress};
use anyhow::{Context, Result};
use audit::Severity;
use globset::GlobSet;
use plan::About;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The settings of a run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The folder that is migrated.
    pub(crate) folder: PathBuf,
    /// Codemods or rules to run; all if empty.
    pub(crate) only: Vec<String>,
    /// Codemods or rules to leave out.
    pub(crate) skip: Vec<String>,
    /// Whether review changes are left out.
    pub(crate) safe_only: bool,
    /// Where the app will run; found from the tree if empty.
    pub(crate) target: Vec<String>,
    /// The app root.
    pub(crate) app_root: Option<String>,
    /// What was accepted.
    pub(crate) baseline: Baseline,
    /// Paths in which nothing is reported or changed.
    pub(crate) ignore: GlobSet,
    /// How bad rules are here.
    pub(crate) severity: BTreeMap<String, Severity>,
    /// Whether ignored files are looked at.
    pub(crate) no_ignore: bool,
}

impl Settings {
    /// Reads the configuration and the baseline. Errors: an id that no codemod or rule has (wrong usage on the command line),
    /// a file that cannot be read or is not as it should be.
    pub(crate) fn of(
        folder: &Path,
        selection: &SelectionArguments,
        safety: Option<SafetyClass>,
    ) -> Result<Self> {
        let config = Config::read(selection.config.as_deref(), folder)?;
        for id in selection.only.iter().chain(&selection.skip) {
            known(id).map_err(Usage)?;
        }
        for id in config.only.iter().chain(&config.skip).chain(config.severity.keys()) {
            known(id).map_err(anyhow::Error::msg).context("The configuration names what is not there")?;
        }
        let beside = |path: String| match &selection.config {
            Some(config) => config.parent().unwrap_or(Path::new("")).join(path),
            None => folder.join(path),
        };
        let baseline = selection.baseline.clone().or_else(|| config.baseline.map(beside));
        let chosen =
            |flag: &[String], config: Vec<String>| if flag.is_empty() { config } else { flag.to_vec() };
        let target: Vec<_> = selection.target.iter().copied().map(Target::id).map(str::to_owned).collect();
        Ok(Self {
            folder: folder.to_owned(),
            only: chosen(&selection.only, config.only),
            skip: chosen(&selection.skip, config.skip),
            safe_only: safety.map_or(config.safe_only.unwrap_or(false), |class| class == SafetyClass::Safe),
            target: chosen(&target, config.target),
            app_root: selection.root.clone().or(config.root),
            baseline: baseline.map_or(Ok(Baseline::default()), |path| Baseline::read(&path))?,
            ignore: globs(&config.ignore)?,
            severity: config.severity,
            no_ignore: selection.no_ignore,
        })
    }

    /// Whether a rule is asked for.
    pub(crate) fn runs(&self, rule: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|id| id == rule || rule.split('/').next() == Some(id));
        (self.only.is_empty() || among(&self.only)) && !among(&self.skip)
    }
}

/// Everything that `--only`, `explain` and `rules` know: the codemods, and what this program itself finds.
pub(crate) fn abouts() -> Vec<About> {
    codemods::ALL.iter().map(|codemod| codemod.about()).chain([suppress::about()]).collect()
}

/// All ids: of codemods, and of their rules.
pub(crate) fn ids() -> Vec<&'static str> {
    abouts()
        .iter()
        .flat_map(|about| [about.id].into_iter().chain(about.rules.iter().map(|rule| rule.id)))
        .collect()
}

/// Nothing, or a sentence with the id that may be meant.
pub(crate) fn known(id: &str) -> Result<(), String> {
    let ids = ids();
    if ids.contains(&id) {
        return Ok(());
    }
    Err(format!("No codemod or rule is called `{id}`{} `migrate rules` lists them.", suggest::end(id, ids)))
}
