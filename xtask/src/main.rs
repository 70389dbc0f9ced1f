//! Work on the project itself: `cargo xtask corpus DIR`, `bench DIR`, `docs`, `truth DIR`, `oracle DIR`, `schema-truth DIR`. Not part of the program.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod bench;
mod corpus;
mod docs;
mod run;
mod schema_truth;
mod truth;

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const USAGE: &str = "cargo xtask corpus DIR [--install|--verify] [--named PART]   run the program over every export below DIR, a line each
cargo xtask bench DIR                time and memory of audit and plan on one export, beside ast-grep if it is installed
                                     all: --program FILE takes a built program instead of building one
cargo xtask docs [--check]           write docs/codemods.md, and the plan and the support table of README.md, from the program
cargo xtask truth DIR                compare the inventory with what the TypeScript compiler finds (Node, npm);
                                     --program FILE as above
cargo xtask oracle DIR [--verbose]   compare parsing and references with oxc over a folder
cargo xtask schema-truth DIR [--verbose]   compare the replay of each export's SQL with PostgreSQL (psql's PGHOST, PGPORT, PGUSER);
                                     --splinter CHECKOUT: and our lints with those of supabase/splinter;
                                     --database NAME: another one than schema_truth";

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| args.iter().any(|arg| arg == name);
    let value = |name: &str| args.iter().skip_while(|arg| *arg != name).nth(1);
    let folder = || {
        let folder = args.get(1).filter(|arg| !arg.starts_with("--")).context(USAGE)?;
        Path::new(folder).canonicalize().with_context(|| format!("{folder} is not there"))
    };
    let program = || match value("--program") {
        Some(built) => Path::new(built).canonicalize().with_context(|| format!("{built} is not there")),
        None => program(),
    };
    match args.first().map(String::as_str) {
        Some("corpus") => corpus::run_corpus(
            &program()?,
            &folder()?,
            match (flag("--install"), flag("--verify")) {
                (_, true) => corpus::Depth::Proof,
                (true, false) => corpus::Depth::Health,
                (false, false) => corpus::Depth::Plan,
            },
            value("--named").map_or("", String::as_str),
        ),
        Some("bench") => bench::run_bench(&program()?, &folder()?),
        Some("schema-truth") => {
            let checkout = value("--splinter").map(Path::new);
            let program = checkout.map(|_| program()).transpose()?;
            let database = value("--database").map_or(schema_truth::DATABASE, String::as_str);
            let lints = checkout.zip(program.as_deref());
            schema_truth::run_truth(&folder()?, database, lints, flag("--verbose"))
        }
        Some("docs") => docs::run_docs(&program()?, flag("--check")),
        Some("truth") => truth::run_truth(&program()?, &folder()?),
        Some("oracle") => {
            let mut cargo = Command::new("cargo");
            cargo.args(["run", "--release", "--quiet", "--package", "oracle", "--"]).args(&args[1..]);
            std::process::exit(cargo.status()?.code().unwrap_or(1))
        }
        _ => bail!("{USAGE}"),
    }
}

/// Builds the program and says where it is.
fn program() -> anyhow::Result<PathBuf> {
    let built = Command::new("cargo").args(["build", "--release", "--quiet", "--bin", "migrate"]).status()?;
    if !built.success() {
        bail!("the program does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/migrate"))
}

/// The root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}
