//! Generated pages: `docs/codemods.md`, and in README.md the support table and a plan of a shipped export, all from the program.

use anyhow::Context;
use std::path::Path;
use std::process::Command;

const TABLE: [&str; 2] = ["<!-- support table: cargo xtask docs -->\n", "<!-- end of support table -->"];
const PLAN: [&str; 2] = ["<!-- plan: cargo xtask docs -->\n", "<!-- end of plan -->"];
/// The export whose plan README.md shows.
const EXPORT: &str = "fixtures/lovable_spa";
/// Files whose diff is shown, by the end of their path; of each only so many lines.
const SHOWN: [&str; 2] = ["src/lib/advice.ts", "src/integrations/supabase/client.ts"];
const LINES: usize = 40;

/// Writes the pages, or with `check` says whether they are fresh.
pub(crate) fn run_docs(program: &Path, check: bool) -> anyhow::Result<()> {
    let printed = Command::new(program).args(["rules", "--format", "markdown"]).output()?;
    let page = String::from_utf8(printed.stdout)?;
    let (table, _) = page.split_once("\n## ").context("the page has no sections")?;
    let table = &table[table.find("\n|").context("the page has no table")? + 1..];
    let root = crate::root();
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let readme = between(&readme, TABLE, table.trim_end())?;
    let readme = between(&readme, PLAN, &plan(program, &root.join(EXPORT))?)?;
    for (path, text) in [("docs/codemods.md", page), ("README.md", readme)] {
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

/// `text` with `fresh` between the markers.
fn between(text: &str, [open, close]: [&str; 2], fresh: &str) -> anyhow::Result<String> {
    let (head, rest) = text.split_once(open).with_context(|| format!("README.md lacks {open}"))?;
    let (_, tail) = rest.split_once(close).with_context(|| format!("README.md lacks {close}"))?;
    Ok(format!("{head}{open}{fresh}\n{close}{tail}"))
}

/// What `migrate plan` prints for the export: all that stands before the diff, the diff of a few files, and the end.
fn plan(program: &Path, export: &Path) -> anyhow::Result<String> {
    // A copy, because the history of this repository is not the export's.
    let scratch = tempfile::tempdir()?;
    let tree = scratch.path().join("export");
    let copied = Command::new("cp").arg("-R").arg(export).arg(&tree).status()?;
    anyhow::ensure!(copied.success(), "{} could not be copied", export.display());
    let printed = Command::new(program).args(["plan", "."]).current_dir(&tree).output()?;
    anyhow::ensure!(
        printed.status.success(),
        "the plan failed: {}",
        String::from_utf8_lossy(&printed.stderr)
    );
    let printed = String::from_utf8(printed.stdout)?;
    let start = printed.find("\n# ").or(printed.find("\ndiff --git ")).context("the plan has no diff")?;
    let end = printed.rfind("\n\n").context("the plan has no end")?;
    let mut text = format!("```console\n$ migrate plan\n{}\n```\n", printed[..start].trim_end());
    let shown = printed
        .split("\ndiff --git ")
        .skip(1)
        .filter(|diff| SHOWN.iter().any(|path| diff.lines().next().is_some_and(|line| line.ends_with(path))));
    text += "\nThen the diff, feature by feature. A part of it:\n\n```diff\n";
    for diff in shown {
        let lines: Vec<&str> =
            diff.lines().take_while(|line| !line.starts_with("# ") && !line.is_empty()).collect();
        text += &format!("diff --git {}\n", lines[..lines.len().min(LINES)].join("\n"));
        if lines.len() > LINES {
            text += &format!("… {} more lines\n", lines.len() - LINES);
        }
    }
    text += "```\n";
    text += &format!("\nAnd at the end:\n\n```console\n{}\n```", printed[end..].trim());
    Ok(text)
}
