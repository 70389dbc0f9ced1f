//! What a job does before its own steps: the package manager and Node, each action pinned by commit.

use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use project::package::PackageManager;

/// The version of Node that pipelines and images take.
pub(super) const NODE: &str = "22";

/// The steps that bring Node and the package manager.
pub(super) fn steps(survey: &Survey<'_>, commands: &Commands<'_>) -> String {
    let mut text = String::new();
    let declared = commands.package.json["packageManager"].is_string();
    match commands.manager {
        PackageManager::Pnpm => {
            text += "      - uses: pnpm/action-setup@a7487c7e89a18df4991f7f222e4898a00d66ddda # v4.1.0\n";
            let mut with = String::new();
            // `packageManager` of the manifest says the version; the codemod of the manifest adds it where it is missing.
            if !declared && crate::repository_hygiene::pnpm(survey, commands).is_none() {
                with += "          version: 10\n";
            }
            if !commands.app.folder.is_empty() {
                with += &format!("          package_json_file: {}\n", in_folder(commands, "package.json"));
            }
            if !with.is_empty() {
                text += &format!("        with:\n{with}");
            }
        }
        PackageManager::Bun => {
            text += "      - uses: oven-sh/setup-bun@0c5077e51419868618aeaa5fe8019c62421857d6 # v2.2.0\n";
        }
        PackageManager::Npm | PackageManager::Yarn => {}
    }
    text +=
        "      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0\n        with:\n";
    let said = [".nvmrc", ".node-version"].into_iter().find_map(|name| {
        let path = commands.path(name)?;
        survey.project.file(path.as_str()).map(|file| file.path.to_string())
    });
    text += &match said {
        Some(path) => format!("          node-version-file: {path}\n"),
        None => format!("          node-version: {NODE}\n"),
    };
    let cached =
        matches!(commands.manager, PackageManager::Npm | PackageManager::Pnpm | PackageManager::Yarn);
    if let Some(lockfile) = commands.lockfile.filter(|_| cached) {
        text += &format!("          cache: {}\n", commands.manager.id());
        if !lockfile.folder().is_empty() {
            text += &format!("          cache-dependency-path: {lockfile}\n");
        }
    }
    text
}

/// `defaults` of a job whose app lies in a folder.
pub(super) fn defaults(commands: &Commands<'_>) -> String {
    match commands.app.folder.as_str() {
        "" => String::new(),
        folder => format!("    defaults:\n      run:\n        working-directory: {folder}\n"),
    }
}

fn in_folder(commands: &Commands<'_>, name: &str) -> String {
    commands.path(name).map_or_else(|| name.to_owned(), |path| path.to_string())
}

/// Puts `text`, whole lines, in the place of the line that holds `hole`.
pub(super) fn filled(template: &str, hole: &str, text: &str) -> String {
    let mut filled = String::new();
    for line in template.split_inclusive('\n') {
        if line.trim() == hole {
            filled += text;
            if !text.is_empty() && !text.ends_with('\n') {
                filled += "\n";
            }
        } else {
            filled += line;
        }
    }
    filled
}
