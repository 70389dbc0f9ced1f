//! The SQL of the tree, laid out in the order in which it runs.

use anyhow::Result;
use audit::Survey;
use project::Kind;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What was laid out.
pub(crate) struct Laid {
    /// Names of the files that the migration made.
    pub(crate) made: BTreeSet<String>,
}

/// Copies the migrations of the tree into `to`, under names that sort as they run. Where there is no folder of migrations, every SQL
/// file that defines something counts as one: a table, a function, a policy; not one that only fills tables.
pub(crate) fn lay(survey: &Survey<'_>, to: &Path, before: &Path, known: bool) -> Result<Laid> {
    fs::create_dir_all(to)?;
    let of_sql = survey.project.files.iter().filter(|file| file.kind == Kind::Sql && file.skipped.is_none());
    let all: Vec<_> = of_sql.collect();
    let mut chosen: Vec<_> =
        all.iter().filter(|file| file.path.as_str().contains("supabase/migrations/")).copied().collect();
    if chosen.is_empty() {
        let defines = |text: &str| {
            let text = text.to_lowercase();
            [
                "create table",
                "create policy",
                "create function",
                "create or replace",
                "create type",
                "alter table",
            ]
            .iter()
            .any(|start| text.contains(start))
        };
        chosen = all.into_iter().filter(|file| defines(&file.text)).collect();
    }
    // What the migration made builds on what was there, also where names do not tell the order.
    let is_made = |path: &str| known && !before.join(path).is_file();
    chosen.sort_by_key(|file| (is_made(file.path.as_str()), file.path.as_str()));
    let mut laid = Laid { made: BTreeSet::new() };
    for (number, file) in chosen.iter().enumerate() {
        let name = format!("{number:04}__{}", file.path.name());
        fs::write(to.join(&name), &*file.text)?;
        if is_made(file.path.as_str()) {
            laid.made.insert(name);
        }
    }
    Ok(laid)
}
