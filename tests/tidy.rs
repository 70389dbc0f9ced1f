//! The rules of the house that no lint can hold: layers, sizes, where the disk may be touched, who may know whom by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files with this ending below `folder`, relative to the root; build output and fixtures left out.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && !matches!(name.as_str(), "target" | "fixtures" | ".git" | "node_modules") {
                waiting.push(path);
            } else if name.ends_with(ending) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The source without its test module and without comments: what the program runs.
fn program(source: &str) -> String {
    let end = source.find("#[cfg(test)]").unwrap_or(source.len());
    let lines = source[..end].lines();
    lines.map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn complain(what: &str, complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{what}\n  {}", complaints.join("\n  "));
}

/// Sources of the program: crates and codemods, not the tools beside it.
fn sources() -> Vec<PathBuf> {
    [files("crates", ".rs"), files("codemods", ".rs")].concat()
}

fn is_test(path: &Path) -> bool {
    let folder = |part: &str| matches!(part, "tests" | "examples" | "benches");
    path.components().any(|part| part.as_os_str().to_str().is_some_and(folder))
        || path.file_name().is_some_and(|name| name == "tests.rs" || name == "cases.rs")
}

#[test]
fn a_crate_uses_only_crates_listed_above_it() {
    let manifest: toml_edit::DocumentMut = read(Path::new("Cargo.toml")).parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let members: Vec<_> = members.iter().filter_map(|member| member.as_str()).collect();
    let name = |member: &str| member.rsplit('/').next().unwrap().to_owned();
    let all: BTreeSet<_> = members.iter().map(|member| name(member)).collect();
    let (mut above, mut complaints) = (BTreeSet::new(), Vec::new());
    for member in members.iter().filter(|member| !member.starts_with("xtask")) {
        let own: toml_edit::DocumentMut = read(&Path::new(member).join("Cargo.toml")).parse().unwrap();
        let used = own["dependencies"].as_table().unwrap().iter().map(|(key, _)| key.to_owned());
        for used in used.filter(|used| all.contains(used) && !above.contains(used)) {
            complaints.push(format!("{member} uses `{used}`, which is not above it"));
        }
        above.insert(name(member));
    }
    complain("An arrow points backwards:", complaints);
}

#[test]
fn every_module_says_what_it_is() {
    let silent = sources().into_iter().filter(|path| !read(path).starts_with("//!"));
    complain("These do not open with `//!`:", silent.map(|path| path.display().to_string()).collect());
}

#[test]
fn no_source_file_is_over_500_lines_without_its_tests() {
    let mut complaints = Vec::new();
    for path in sources().into_iter().filter(|path| !is_test(path)) {
        let lines = read(&path).lines().take_while(|line| !line.contains("#[cfg(test)]")).count();
        if lines > 500 {
            complaints.push(format!("{} has {lines}", path.display()));
        }
    }
    complain("Which things live in them?", complaints);
}

#[test]
fn only_the_rim_touches_the_disk_or_runs_programs() {
    let rim = ["crates/project", "crates/apply", "crates/verify", "crates/cli"];
    let mut complaints = Vec::new();
    for path in
        sources().into_iter().filter(|path| !is_test(path) && !rim.iter().any(|rim| path.starts_with(rim)))
    {
        let source = program(&read(&path));
        for word in ["std::fs", "std::process", "std::net", "SystemTime", "Instant::now"] {
            if source.contains(word) {
                complaints.push(format!("{} mentions {word}", path.display()));
            }
        }
    }
    complain("The middle is pure:", complaints);
}

#[test]
fn only_the_cli_prints() {
    let mut complaints = Vec::new();
    for path in sources().into_iter().filter(|path| !is_test(path) && !path.starts_with("crates/cli")) {
        let source = program(&read(&path));
        for word in ["println!", "eprintln!", "print!(", "io::stdout", "io::stderr"] {
            if source.contains(word) {
                complaints.push(format!("{} has {word}", path.display()));
            }
        }
    }
    complain("Only crates/cli prints:", complaints);
}

/// The codemods, by folder.
fn codemods() -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(root().join("codemods")).unwrap().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.join("mod.rs").is_file());
    found.sort();
    found.into_iter().map(|path| path.strip_prefix(root()).unwrap().to_owned()).collect()
}

#[test]
fn no_codemod_knows_a_framework_by_name_and_no_crate_knows_a_codemod() {
    let mut complaints = Vec::new();
    for path in files("codemods", ".rs").into_iter().filter(|path| !is_test(path)) {
        for line in program(&read(&path)).lines() {
            // The list of frameworks for which a codemod has templates is data.
            if line.contains("framework: ")
                || line.contains("FRAMEWORKS")
                || line.contains("frameworks:")
                || line.contains("include_str!")
                || line.contains("templates/")
            {
                continue;
            }
            for framework in ["\"vite\"", "\"next\"", "\"tanstack-start\"", "\"expo\"", "\"express\""] {
                if line.contains(framework) {
                    complaints.push(format!("{}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    let names: Vec<_> =
        codemods().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    for path in files("crates", ".rs").into_iter().filter(|path| !is_test(path)) {
        let source = program(&read(&path));
        for name in &names {
            if source.contains(name.as_str()) || source.contains(&format!("\"{}\"", name.replace('_', "-"))) {
                complaints.push(format!("{} knows {name}", path.display()));
            }
        }
    }
    complain("Names where they do not belong:", complaints);
}

#[test]
fn every_codemod_folder_is_whole() {
    let list = read(Path::new("codemods/lib.rs"));
    let mut complaints = Vec::new();
    for folder in codemods() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let readme = read(&folder.join("README.md"));
        for heading in
            ["## What it finds", "## Why it matters", "## What it changes", "## What is left to you"]
        {
            if !readme.contains(heading) {
                complaints.push(format!("{name}/README.md lacks \"{heading}\""));
            }
        }
        let cases = fs::read_dir(root().join(&folder).join("fixtures")).into_iter().flatten().flatten();
        if cases.filter(|case| case.path().join("before").is_dir()).count() == 0 {
            complaints.push(format!("{name} has no fixtures/<case>/before"));
        }
        if !list.contains(&format!("{name}::")) {
            complaints.push(format!("{name} has no line in codemods/lib.rs"));
        }
    }
    complain("A codemod is one folder with all of it:", complaints);
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed() {
    let mut complaints = Vec::new();
    for path in [sources(), files("tests", ".rs"), files("xtask", ".rs")].concat() {
        for (at, line) in read(&path).lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("#[allow(") || line.starts_with("#![allow(") {
                complaints.push(format!("{}:{}", path.display(), at + 1));
            }
        }
    }
    complain("Use #[expect(lint, reason = \"…\")]:", complaints);
}

#[test]
fn snapshots_hold_no_secret_longer_than_its_mask() {
    let secret = regex::Regex::new(
        r"\bsk-[A-Za-z0-9_-]{16,}|sk_(live|test)_[A-Za-z0-9]{10,}|sb_secret_[A-Za-z0-9_]{8,}|gsk_[A-Za-z0-9]{16,}|eyJ[\w-]{10,}\.eyJ[\w-]{20,}|AIza[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\w{20}|://[^/\s:@]+:[^/\s:@<$*]{6,}@",
    )
    .unwrap();
    let mut complaints = Vec::new();
    for folder in ["crates", "codemods", "tests"] {
        let mut waiting = vec![root().join(folder)];
        while let Some(folder) = waiting.pop() {
            for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    waiting.push(path);
                } else if path.extension().is_some_and(|ending| ending == "snap") {
                    let text = fs::read_to_string(&path).unwrap();
                    complaints.extend(secret.find(&text).map(|_| path.display().to_string()));
                }
            }
        }
    }
    complain("These snapshots show a secret:", complaints);
}

#[test]
fn nothing_points_outside_the_project() {
    let texts = [files(".", ".rs"), files(".", ".md"), files(".", ".toml"), files(".", ".sh")].concat();
    let outside = ["..", "/shared/"].concat();
    let complaints = texts.into_iter().filter(|path| read(path).contains(&outside));
    complain("The project stands alone:", complaints.map(|path| path.display().to_string()).collect());
}

#[test]
fn every_dependency_has_a_licence_that_this_project_may_ship_with() {
    const FINE: [&str; 8] = [
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "Unicode-3.0",
        "Unlicense",
        "Zlib",
        "0BSD",
        "BSD-3-Clause",
    ];
    let metadata = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    // Of "or" one part must be fine, of "and" every part.
    let one = |licence: &str| FINE.contains(&licence.trim().trim_matches(['(', ')']).trim());
    let any = |licence: &str| licence.replace('/', " OR ").split(" OR ").any(one);
    let fine = |licence: &str| licence.split(" AND ").all(any);
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "{} packages", packages.len());
    let unfit = packages.iter().filter(|package| !package["license"].as_str().is_some_and(fine));
    let unfit = unfit.map(|package| format!("{}: {}", package["name"], package["license"])).collect();
    complain("Look at these licences:", unfit);
}
