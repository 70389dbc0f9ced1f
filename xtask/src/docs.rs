//! Generated pages: `docs/codemods.md` and the support table between the markers of README.md, both from `migrate rules`.

use anyhow::Context;
use std::process::Command;

const OPEN: &str = "<!-- support table: cargo xtask docs -->\n";
const CLOSE: &str = "<!-- end of support table -->";

/// Writes the pages, or with `check` says whether they are fresh.
pub(crate) fn run_docs(check: bool) -> anyhow::Result<()> {
    let program = crate::program()?;
    let printed = Command::new(&program).args(["rules", "--format", "markdown"]).output()?;
    let page = String::from_utf8(printed.stdout)?;
    let (table, _) = page.split_once("\n## ").context("the page has no sections")?;
    let table = &table[table.find("\n|").context("the page has no table")? + 1..];
    let root = crate::root();
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let (head, rest) = readme.split_once(OPEN).context("README.md has no support table")?;
    let (_, tail) = rest.split_once(CLOSE).context("README.md does not end its support table")?;
    let fresh = format!("{head}{OPEN}{}\n{CLOSE}{tail}", table.trim_end());
    for (path, text) in [("docs/codemods.md", page), ("README.md", fresh)] {
        let path = root.join(path);
        if check {
            let same = std::fs::read_to_string(&path).is_ok_and(|old| old == text);
            anyhow::ensure!(same, "{} is stale: run `cargo xtask docs`", path.display());
        } else {
            std::fs::create_dir_all(path.parent().context("a page stands in a folder")?)?;
            std::fs::write(&path, text)?;
        }
    }
    Ok(())
}
