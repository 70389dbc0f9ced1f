//! Node and the package manager: what is on this machine, and a fitting Node from npm where the machine's is too old for the app.

use crate::process::{self, Task, Variables};
use anyhow::{Context, Result, bail};
use project::package::satisfies;
use std::fs;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);

/// What runs the app's commands.
pub(crate) struct Tools<'a> {
    /// Where it may write.
    pub(crate) folder: &'a Path,
    /// The variables of every command; `PATH` leads to the right Node.
    pub(crate) variables: Variables,
    /// The version of Node that runs.
    pub(crate) node: String,
    /// What the reader has to know of it.
    pub(crate) note: Option<String>,
}

impl<'a> Tools<'a> {
    /// Node as `wanted` (a range of `engines`) asks for it.
    pub(crate) fn of(folder: &'a Path, wanted: Option<&str>) -> Result<Self> {
        let home = folder.join("home");
        fs::create_dir_all(&home)?;
        let mut variables = process::scrubbed(&home);
        if !variables.contains_key("npm_config_registry")
            && let Some(registry) = registry()
        {
            variables.insert("npm_config_registry".to_owned(), registry);
        }
        let mut tools = Self { folder, variables, node: String::new(), note: None };
        let found = tools.asked("node", &["--version"]).context(
            "Node.js is needed to install, build and start the app, and it was not found on the PATH; install it",
        )?;
        tools.node = found.trim_start_matches('v').to_owned();
        if let Some(wanted) = wanted.filter(|wanted| !satisfies(&tools.node, wanted)) {
            let own = tools.node.clone();
            tools.note = Some(match tools.fetch(wanted) {
                Ok(()) => format!(
                    "Node {own} of this machine does not satisfy `{wanted}`: the proof runs on Node {} from npm",
                    tools.node
                ),
                Err(error) => {
                    format!(
                        "Node {own} of this machine does not satisfy `{wanted}`, and none from npm does: {error:#}"
                    )
                }
            });
        }
        Ok(tools)
    }

    /// The first line that a command says.
    pub(crate) fn asked(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let log = self.folder.join(format!("{program}.asked.log"));
        let task = Task { program, arguments, folder: self.folder, variables: &self.variables, log };
        let ran = process::run(&task, LIMIT)?;
        if !ran.ok() {
            bail!("`{program}` failed: {}", ran.telling(1).join(" "));
        }
        Ok(ran.said.lines().next().unwrap_or("").trim().to_owned())
    }

    /// Whether the program is on the `PATH`.
    pub(crate) fn has(&self, program: &str) -> bool {
        let path = self.variables.get("PATH").map_or("", String::as_str);
        path.split(':').any(|folder| Path::new(folder).join(program).is_file())
    }

    /// The newest Node of the first major that the range names, as a package of npm for this platform.
    fn fetch(&mut self, wanted: &str) -> Result<()> {
        let majors = wanted.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let major = majors.filter_map(|part| part.split('.').next()?.parse::<u32>().ok()).max();
        let major = major.with_context(|| format!("`{wanted}` names no version"))?;
        let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
        let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
        let folder = self.folder.join("node");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), "{}\n")?;
        let package = format!("node-{system}-{machine}@{major}");
        let arguments = ["install", "--ignore-scripts", "--no-package-lock", "--prefer-offline", &package];
        let install = Task {
            program: "npm",
            arguments: arguments.map(str::to_owned).to_vec(),
            folder: &folder,
            variables: &self.variables,
            log: folder.join("install.log"),
        };
        let ran = process::run(&install, LIMIT)?;
        let bin = folder.join(format!("node_modules/node-{system}-{machine}/bin"));
        if !ran.ok() || !bin.join("node").is_file() {
            bail!("`npm install {package}` failed: {}", ran.telling(1).join(" "));
        }
        let path = self.variables.get("PATH").cloned().unwrap_or_default();
        self.variables.insert("PATH".to_owned(), format!("{}:{path}", bin.display()));
        self.node = self.asked("node", &["--version"])?.trim_start_matches('v').to_owned();
        if satisfies(&self.node, wanted) {
            return Ok(());
        }
        bail!("npm has Node {}", self.node)
    }
}

/// The registry that the user's npm is set up with. Tokens of the user's settings are not passed on.
fn registry() -> Option<String> {
    let output = std::process::Command::new("npm").args(["config", "get", "registry"]).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && said.starts_with("http") && !said.contains('@')).then_some(said)
}
