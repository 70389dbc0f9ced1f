//! Compares the inventory with what the TypeScript compiler finds in the same exports, through `xtask/truth/*.mjs`: a line for each
//! export and kind, and each difference with its place. Node and the npm registry are needed; the scripts run in `target/truth`.

use crate::corpus::exports;
use anyhow::{Context, ensure};
use std::path::Path;
use std::process::Command;

/// The compiler that the scripts were written against.
const COMPILER: &str = "typescript@5.9";

/// See the module. `program` is the one to compare with.
pub(crate) fn run_truth(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let scratch = crate::root().join("target/truth");
    std::fs::create_dir_all(&scratch)?;
    for script in std::fs::read_dir(crate::root().join("xtask/truth"))? {
        let script = script?.path();
        let name = script.file_name().context("a script without a name")?;
        std::fs::copy(&script, scratch.join(name))?;
    }
    if !scratch.join("node_modules/typescript").is_dir() {
        let installed = Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", COMPILER])
            .current_dir(&scratch)
            .status()?;
        ensure!(installed.success(), "npm could not install {COMPILER}");
    }
    let compared = Command::new("node")
        .arg(scratch.join("truth.mjs"))
        .arg(program)
        .args(exports(folder))
        .current_dir(&scratch)
        .status()?;
    ensure!(compared.success(), "the comparison failed");
    Ok(())
}
