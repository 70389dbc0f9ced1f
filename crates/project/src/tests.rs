//! What a tree of texts, or a folder on disk, becomes.

use crate::graph::{Graph, Origin};
use crate::package::PackageManager;
use crate::{Kind, Project, ReadOptions, Skipped};
use edit::RelPath;
use std::path::Path;
use std::process::Command;

fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    Project::from_texts(Path::new("/export"), files)
}

fn paths(project: &Project) -> Vec<&str> {
    project.files.iter().map(|file| file.path.as_str()).collect()
}

mod files {
    use super::*;

    #[test]
    fn build_output_is_listed_by_folder() {
        let project = project(&[
            ("src/a.ts", "export const a = 1;\n"),
            ("node_modules/left/node_modules/right/index.js", ""),
            ("dist/assets/index-B1c2D3e4.js", ""),
            ("dist/index.html", ""),
            ("tools/venv/Lib/site-packages/keys/test_keys.py", ""),
        ]);
        assert_eq!(paths(&project), ["src/a.ts"]);
        let folders: Vec<_> =
            project.output_folders.iter().map(|(folder, tracked)| (folder.as_str(), *tracked)).collect();
        assert_eq!(folders, [("dist", true), ("node_modules", true), ("tools/venv/Lib/site-packages", true)]);
    }

    #[test]
    fn a_folder_named_like_output_that_holds_sources_is_read() {
        let project =
            project(&[("src/build/steps.tsx", ""), ("out/index.ts", ""), ("public/dist/vendor.js", "")]);
        assert_eq!(paths(&project), ["out/index.ts", "public/dist/vendor.js", "src/build/steps.tsx"]);
        assert!(project.output_folders.is_empty());
    }

    #[test]
    fn past_versions_that_an_editor_keeps_are_no_code() {
        let project = project(&[
            (".history/.env_20260101000000", "A=1\n"),
            (".history/src/page_20260101000000.tsx", "export const a = 1;\n"),
            ("src/history/page.tsx", "export const a = 1;\n"),
        ]);
        let kinds: Vec<_> = project.files.iter().map(|file| file.kind).collect();
        assert_eq!(kinds, [Kind::Env, Kind::Text, Kind::Code(syntax::Language::Tsx)]);
        assert_eq!(&*project.files[1].text, "export const a = 1;\n");
    }

    #[test]
    fn minified_scripts_are_listed_without_content() {
        let long = format!("var a={};", "1+".repeat(9_000) + "1");
        let project =
            project(&[("public/lib.js", &long), ("public/part.min.js", "x"), ("src/long.ts", &long)]);
        let skipped: Vec<_> = project.files.iter().map(|file| file.skipped).collect();
        assert_eq!(skipped, [Some(Skipped::BuildOutput), Some(Skipped::BuildOutput), None]);
        assert!(project.files[0].text.is_empty());
    }

    #[test]
    fn what_a_bundler_joined_is_listed_without_content() {
        let line = "export var one = 1;\n";
        let joined = format!("var __defProp = Object.defineProperty;\n{}", line.repeat(6_000));
        let project = project(&[("public/runtime.js", &joined), ("src/long.js", &line.repeat(6_000))]);
        let skipped: Vec<_> = project.files.iter().map(|file| file.skipped).collect();
        assert_eq!(skipped, [Some(Skipped::BuildOutput), None]);
    }

    #[test]
    fn lines_and_columns_count_characters() {
        let project = project(&[("a.ts", "\u{feff}é = 1\nb\n")]);
        let file = &project.files[0];
        let at = |needle: &str| file.line_column(file.text.find(needle).unwrap());
        assert_eq!(at("é"), (1, 1));
        assert_eq!(at("= 1"), (1, 3));
        assert_eq!(at("b"), (2, 1));
        assert_eq!(file.line_column(10_000), (3, 1));
        assert_eq!(file.line_column(4), (1, 1), "inside a character is at its start");
    }

    #[test]
    fn a_planned_tree_has_the_new_texts() {
        let before = project(&[("a.ts", "import './b';\n"), ("b.ts", ""), ("c.ts", "")]);
        let path = |path: &str| RelPath::new(path).unwrap();
        let after = before.planned(
            vec![(path("b.ts"), None), (path("d.ts"), Some("import './c';".into()))],
            &[path("a.ts")],
        );
        assert_eq!(paths(&after), ["a.ts", "c.ts", "d.ts"]);
        assert!(!after.file("a.ts").unwrap().tracked);
        let importers = &after.graph.importers[after.file("c.ts").unwrap().id.0 as usize];
        assert_eq!(importers, &[after.file("d.ts").unwrap().id]);
    }
}

mod tracking {
    use super::*;

    fn untracked(project: &Project) -> Vec<&str> {
        project.files.iter().filter(|file| !file.tracked).map(|file| file.path.as_str()).collect()
    }

    #[test]
    fn without_git_what_gitignore_names_counts_as_untracked() {
        let project = project(&[
            (".gitignore", ".env*\n!.env.example\n"),
            (".env.local", "A=1"),
            (".env.example", "A="),
            ("web/.gitignore", "*.local.ts\n!.env\n"),
            ("web/.env", "A=1"),
            ("web/x.local.ts", ""),
            ("x.local.ts", ""),
        ]);
        assert_eq!(untracked(&project), [".env.local", "web/x.local.ts"]);
    }

    #[test]
    fn a_new_file_of_a_plan_is_tracked_unless_ignored_and_an_old_one_stays_as_it_was() {
        let before = project(&[(".env", "A=1"), ("a.ts", "")]);
        let text = |path: &str, text: &str| (RelPath::new(path).unwrap(), Some(text.to_owned()));
        let after = before
            .planned(vec![text(".gitignore", ".env*\n"), text(".env.local", "A=1"), text("b.ts", "")], &[]);
        assert_eq!(untracked(&after), [".env.local"]);
        assert!(after.file(".env").unwrap().tracked, "git goes on tracking what is ignored");
    }
}

mod apps {
    use super::*;

    const VITE: &str = r#"{"name":"web","devDependencies":{"vite":"^5.4.1"}}"#;

    #[test]
    fn an_app_needs_its_framework_and_its_entry() {
        let shell = project(&[
            ("package.json", r#"{"dependencies":{"vite":"^5"}}"#),
            ("project/package.json", VITE),
            ("project/index.html", ""),
        ]);
        let folders: Vec<_> = shell.apps.iter().map(|app| app.folder.as_str()).collect();
        assert_eq!(folders, ["project"]);
        assert_eq!(shell.packages[shell.apps[0].package].version("vite").as_deref(), Some("5.4.1"));
        assert!(project(&[("index.html", ""), ("src/a.js", "")]).apps.is_empty());
    }

    #[test]
    fn web_comes_before_expo_and_expo_before_a_server() {
        let tree = project(&[
            ("api/package.json", r#"{"dependencies":{"express":"^4"}}"#),
            ("api/server.js", ""),
            ("phone/package.json", r#"{"dependencies":{"expo":"^52"}}"#),
            ("phone/app.json", "{}"),
            ("web/package.json", VITE),
            ("web/index.html", ""),
        ]);
        let folders: Vec<_> = tree.apps.iter().map(|app| app.folder.as_str()).collect();
        assert_eq!(folders, ["web", "phone", "api"]);
        assert!(tree.ambiguous_roots.is_empty());
    }

    #[test]
    fn two_ages_of_one_app_are_ambiguous() {
        let tree = project(&[
            ("package.json", VITE),
            ("index.html", ""),
            ("src/main.tsx", ""),
            ("src/App.tsx", ""),
            ("src/pages/Home.tsx", ""),
            ("project/package.json", VITE),
            ("project/index.html", ""),
            ("project/src/main.tsx", ""),
            ("project/src/App.tsx", ""),
            ("project/src/pages/Home.tsx", ""),
            ("project/src/pages/Other.tsx", ""),
        ]);
        assert_eq!(tree.ambiguous_roots, ["", "project"]);
    }

    #[test]
    fn two_ages_of_another_app_make_nobody_choose() {
        let tree = project(&[
            ("package.json", VITE),
            ("index.html", ""),
            ("src/pages/Home.tsx", ""),
            ("demo/one/package.json", VITE),
            ("demo/one/index.html", ""),
            ("demo/one/src/pages/Chart.tsx", ""),
            ("demo/two/package.json", VITE),
            ("demo/two/index.html", ""),
            ("demo/two/src/pages/Chart.tsx", ""),
        ]);
        assert_eq!(tree.apps[0].folder, "");
        assert!(tree.ambiguous_roots.is_empty());
    }

    #[test]
    fn the_app_with_the_folder_of_the_builder_comes_first() {
        let tree = project(&[
            ("a/package.json", VITE),
            ("a/index.html", ""),
            ("z/package.json", VITE),
            ("z/index.html", ""),
            ("z/.bolt/config.json", "{}"),
        ]);
        assert_eq!(tree.apps[0].folder, "z");
        assert!(tree.ambiguous_roots.is_empty(), "starters alone are not two ages of one app");
    }

    #[test]
    fn two_different_apps_are_two_apps() {
        let tree = project(&[
            ("admin/package.json", VITE),
            ("admin/index.html", ""),
            ("admin/src/main.tsx", ""),
            ("admin/src/Users.tsx", ""),
            ("admin/src/Roles.tsx", ""),
            ("shop/package.json", r#"{"name":"shop","devDependencies":{"vite":"^5.4.1"}}"#),
            ("shop/index.html", ""),
            ("shop/src/main.tsx", ""),
            ("shop/src/Cart.tsx", ""),
            ("shop/src/Order.tsx", ""),
        ]);
        assert_eq!(tree.apps.len(), 2);
        assert!(tree.ambiguous_roots.is_empty());
    }

    #[test]
    fn the_lockfile_that_agrees_decides_the_manager() {
        let stale = r#"{"lockfileVersion":3,"packages":{"node_modules/vite":{"version":"4.0.0"}}}"#;
        let bun = r#"{"workspaces":{"":{"devDependencies":{"vite":"^5.4.1"}}},"packages":{"vite":["vite@5.4.8","",{},""],},}"#;
        let tree = project(&[
            ("package.json", VITE),
            ("index.html", ""),
            ("package-lock.json", stale),
            ("bun.lock", bun),
        ]);
        assert_eq!(tree.apps[0].manager, PackageManager::Bun);
        assert_eq!(tree.packages[0].version("vite").as_deref(), Some("5.4.8"));
        assert_eq!(tree.packages[0].lockfiles[1].in_sync, Some(false));
    }

    #[test]
    fn the_manifest_has_the_last_word_on_the_manager() {
        let manifest = r#"{"packageManager":"yarn@4.1.0","devDependencies":{"vite":"^5"}}"#;
        let tree = project(&[("package.json", manifest), ("index.html", ""), ("package-lock.json", "{}")]);
        assert_eq!(tree.apps[0].manager, PackageManager::Yarn);
        assert!(tree.apps[0].manager_reason.contains("packageManager"));
    }

    #[test]
    fn members_of_a_workspace_share_its_lockfile() {
        let lock = r#"{"lockfileVersion":3,"packages":{"node_modules/vite":{"version":"5.4.1"},"apps/web/node_modules/vite":{"version":"6.0.0"}}}"#;
        let tree = project(&[
            ("package.json", r#"{"workspaces":["apps/*"]}"#),
            ("package-lock.json", lock),
            ("apps/web/package.json", r#"{"devDependencies":{"vite":"^6.0.0"}}"#),
            ("apps/web/index.html", ""),
        ]);
        let package = &tree.packages[tree.apps[0].package];
        assert_eq!(package.version("vite").as_deref(), Some("6.0.0"));
        assert_eq!(package.lockfiles[0].in_sync, Some(true));
    }

    #[test]
    fn a_manifest_with_a_bom_is_read_and_a_broken_one_is_left_out() {
        let tree =
            project(&[("package.json", "\u{feff}{\"name\":\"a\"}"), ("b/package.json", "{\"name\": ")]);
        assert_eq!(tree.packages.len(), 1);
        assert_eq!(tree.packages[0].name.as_deref(), Some("a"));
    }
}

mod graph {
    use super::*;

    fn resolved(files: &[(&str, &str)], from: &str, specifier: &str) -> Option<String> {
        let project = project(files);
        let from = project.file(from).unwrap().id;
        Graph::resolve(&project, from, specifier).map(|id| project.get(id).path.to_string())
    }

    fn check(files: &[(&str, &str)], specifier: &str, expected: &str) {
        assert_eq!(resolved(files, "src/a.ts", specifier).as_deref(), Some(expected), "{specifier}");
    }

    #[test]
    fn extensions_and_index_files_are_found() {
        let files = [
            ("src/a.ts", ""),
            ("src/b.tsx", ""),
            ("src/c/index.ts", ""),
            ("src/d.js", ""),
            ("src/d.ts", ""),
            ("src/e.svg", ""),
        ];
        check(&files, "./b", "src/b.tsx");
        check(&files, "./b.js", "src/b.tsx");
        check(&files, "./c", "src/c/index.ts");
        check(&files, "./d", "src/d.ts");
        check(&files, "./d.js", "src/d.js");
        check(&files, "./e.svg?raw", "src/e.svg");
        check(&files, "/src/b", "src/b.tsx");
        assert_eq!(resolved(&files, "src/a.ts", "react"), None);
        assert_eq!(resolved(&files, "src/a.ts", "../../up"), None);
    }

    #[test]
    fn paths_come_from_tsconfig_with_comments_extends_and_references() {
        let tsconfig = "{ // root\n \"references\": [{ \"path\": \"./tsconfig.app.json\" }], }";
        let app =
            r#"{"extends":"./base.json","compilerOptions":{"baseUrl":".","paths":{"@/*":["./src/*"]}}}"#;
        let files = [
            ("tsconfig.json", tsconfig),
            ("tsconfig.app.json", app),
            ("base.json", r#"{"compilerOptions":{"paths":{"~lib/*":["lib/*"],"config":["src/config.ts"]}}}"#),
            ("src/a.ts", ""),
            ("src/b.ts", ""),
            ("src/config.ts", ""),
            ("lib/c.ts", ""),
        ];
        check(&files, "@/b", "src/b.ts");
        check(&files, "~lib/c", "lib/c.ts");
        check(&files, "config", "src/config.ts");
        check(&files, "lib/c", "lib/c.ts");
    }

    #[test]
    fn aliases_of_vite_are_read_where_tsconfig_says_nothing() {
        for value in [
            "{ '@': path.resolve(__dirname, './src'), '#ui': '/src/ui' }",
            "[{ find: '@', replacement: fileURLToPath(new URL('./src', import.meta.url)) }, { find: '#ui', replacement: path.resolve('src', 'ui') }]",
        ] {
            let config = format!("export default defineConfig({{ resolve: {{ alias: {value} }} }});");
            let files = [
                ("vite.config.ts", config.as_str()),
                ("src/a.ts", ""),
                ("src/b.ts", ""),
                ("src/ui/index.ts", ""),
            ];
            check(&files, "@/b", "src/b.ts");
            check(&files, "#ui", "src/ui/index.ts");
        }
    }

    #[test]
    fn without_configuration_the_at_sign_means_the_source_folder() {
        check(&[("package.json", "{}"), ("src/a.ts", ""), ("src/b.ts", "")], "@/b", "src/b.ts");
        check(&[("package.json", "{}"), ("src/a.ts", ""), ("lib/b.ts", "")], "@/lib/b", "lib/b.ts");
        let root = r#"{"compilerOptions":{"paths":{"@/*":["./*"]}}}"#;
        let files = [("tsconfig.json", root), ("src/a.ts", ""), ("src/b.ts", "")];
        check(&files, "@/src/b", "src/b.ts");
        assert_eq!(resolved(&files, "src/a.ts", "@/b"), None);
    }

    #[test]
    fn a_package_of_the_workspace_is_found_by_its_name() {
        let files = [
            ("package.json", "{}"),
            ("packages/part/package.json", r#"{"name":"@own/part","main":"src/index.ts"}"#),
            ("packages/part/src/index.ts", ""),
            ("packages/part/src/deep.ts", ""),
            ("src/a.ts", ""),
        ];
        check(&files, "@own/part", "packages/part/src/index.ts");
        check(&files, "@own/part/deep", "packages/part/src/deep.ts");
    }

    #[test]
    fn reach_follows_dynamic_imports_and_globs_but_no_types() {
        let project = project(&[
            (
                "src/a.ts",
                "import type { T } from './types';\nimport { U } from './used_as_type';\nconst u: U = 1;\nconst lazy = () => import('./lazy');\nconst all = import.meta.glob('./pages/*.tsx');\nconst one = (n: string) => import(`./locales/${n}.ts`);\n",
            ),
            ("src/lazy.ts", "import './a';"),
            ("src/pages/Home.tsx", ""),
            ("src/pages/deep/Other.tsx", ""),
            ("src/locales/en.ts", ""),
            ("src/types.ts", ""),
            ("src/used_as_type.ts", ""),
        ]);
        let reached = project.graph.reachable(&project, &[project.file("src/a.ts").unwrap().id]);
        let reached: Vec<_> = reached.into_iter().map(|id| project.get(id).path.as_str()).collect();
        assert_eq!(reached, ["src/a.ts", "src/lazy.ts", "src/locales/en.ts", "src/pages/Home.tsx"]);
    }

    /// The origin of the last mention of `name` in `src/a.ts`, in words.
    fn origin(files: &[(&str, &str)], name: &str) -> String {
        let project = project(files);
        let file = project.file("src/a.ts").unwrap();
        let at = file.text.rfind(name).unwrap();
        match Graph::origin(&project, file.id, at..at + name.len()) {
            Origin::Local(file, range) => {
                format!("{} {}", project.get(file).path, &project.get(file).text[range])
            }
            Origin::Package(package, name) => format!("package {package} {name}"),
            Origin::Module(file) => format!("module {}", project.get(file).path),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn names_are_followed_through_barrels_and_renames() {
        let files = [
            ("src/a.ts", "import { db as client } from './barrel';\nclient;\n"),
            ("src/barrel.ts", "export * from './other';\nexport { store as db } from './store';\n"),
            ("src/other.ts", "export const nothing = 1;\n"),
            ("src/store.ts", "const made = make();\nexport { made as store };\n"),
        ];
        assert_eq!(origin(&files, "client"), "src/store.ts made");
    }

    #[test]
    fn a_name_that_is_loaded_in_a_function_is_followed() {
        let files = [
            ("src/a.ts", "async function run() { const { client } = await import('./b'); client; }\n"),
            ("src/b.ts", "export const client = 1;\n"),
        ];
        assert_eq!(origin(&files, "client"), "src/b.ts client");
    }

    #[test]
    fn a_member_of_a_namespace_is_the_export_of_that_name() {
        let files = [
            ("src/a.ts", "import * as api from './api';\napi.client;\n"),
            ("src/api.ts", "export { createClient as client } from 'database';\n"),
        ];
        assert_eq!(origin(&files, "api.client"), "package database createClient");
        assert_eq!(origin(&files, "api"), "module src/api.ts");
    }

    #[test]
    fn default_exports_are_followed() {
        let files = [
            ("src/a.ts", "import thing from './b';\nthing;\n"),
            ("src/b.ts", "const inner = 1;\nexport default inner;\n"),
        ];
        assert_eq!(origin(&files, "thing"), "src/b.ts inner");
        let files = [("src/a.ts", "import jwt from 'jsonwebtoken';\njwt.sign;\n")];
        assert_eq!(origin(&files, "jwt.sign"), "package jsonwebtoken sign");
    }

    #[test]
    fn a_star_from_one_package_is_that_package() {
        let files = [("src/a.ts", "import { z } from './b';\nz;\n"), ("src/b.ts", "export * from 'zod';\n")];
        assert_eq!(origin(&files, "z"), "package zod z");
    }

    #[test]
    fn cycles_end() {
        let files = [
            ("src/a.ts", "import { x } from './b';\nx;\n"),
            ("src/b.ts", "export * from './c';\nexport { x } from './c';\n"),
            ("src/c.ts", "export * from './b';\nexport { x } from './b';\n"),
        ];
        assert_eq!(origin(&files, "x"), "Unknown");
    }

    #[test]
    fn locals_and_globals_are_told_apart() {
        assert_eq!(origin(&[("src/a.ts", "const own = 1;\nown;\n")], "own"), "src/a.ts own");
        assert_eq!(origin(&[("src/a.ts", "window;\n")], "window"), "Global");
    }
}

mod disk {
    use super::*;

    fn write(root: &Path, files: &[(&str, &[u8])]) {
        for (path, bytes) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    fn read(root: &Path) -> Project {
        Project::read(root, &ReadOptions::default()).unwrap()
    }

    fn git(root: &Path, arguments: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"];
        let done = Command::new("git").arg("-C").arg(root).args(who).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn ignored_files_are_left_out_but_env_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &[
                (".gitignore", b".env*\nprivate/\n*.log\n"),
                (".env.local", b"A=1\n"),
                ("private/.env", b"B=1\n"),
                ("private/a.ts", b""),
                ("x.log", b""),
                (".hidden/a.ts", b""),
                ("node_modules/x/index.js", b""),
            ],
        );
        let project = read(folder.path());
        assert_eq!(paths(&project), [".env.local", ".gitignore", ".hidden/a.ts", "private/.env"]);
        let all =
            Project::read(folder.path(), &ReadOptions { no_ignore: true, ..ReadOptions::default() }).unwrap();
        assert_eq!(all.files.len(), 6);
        assert!(!project.vcs.present && project.vcs.reason.is_some());
    }

    #[test]
    fn odd_bytes_are_listed_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &[
                ("a_utf16.ts", b"\xff\xfee\x00x\x00"),
                ("b_latin.ts", b"// caf\xe9\n"),
                ("c_large.json", &vec![b' '; 5 * 1024 * 1024]),
                ("d_image.png", b"\x89PNG\x00"),
                ("e_unknown", b"\x00\x01\x02"),
                ("f_broken.tsx", b"export const a = <div>\n  \"un"),
            ],
        );
        let project = read(folder.path());
        let skipped: Vec<_> = project.files.iter().map(|file| file.skipped).collect();
        let (encoding, large) = (Some(Skipped::Encoding), Some(Skipped::TooLarge));
        assert_eq!(skipped, [encoding, encoding, large, None, None, None]);
        assert_eq!(project.files[3].kind, crate::Kind::Binary);
        assert_eq!(project.files[4].kind, crate::Kind::Binary);
        assert_eq!(project.files[5].parse, Some(syntax::Parse::Broken));
        assert!(project.files.iter().all(|file| file.hash.len() == 64));
    }

    #[test]
    fn rules_in_another_encoding_hold() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[(".gitignore", b"# \xe9diteur\n.env\ndist\n"), ("a.ts", b"")]);
        let project = read(folder.path());
        assert_eq!(project.files[0].skipped, Some(Skipped::Encoding));
        assert!(project.ignores_file(".env") && !project.ignores_file("a.ts"));
        assert!(project.ignores_folder("dist"));
        write(folder.path(), &[(".gitignore", b".env\n_\0p\0y\0\n\0")]);
        let project = read(folder.path());
        assert_eq!(project.files[0].skipped, Some(Skipped::Encoding));
        assert!(project.ignores_file(".env") && !project.ignores_folder("dist"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_listed_and_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("real/a.ts", b"")]);
        std::os::unix::fs::symlink(folder.path().join("real"), folder.path().join("real/loop")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("out.ts")).unwrap();
        let project = read(folder.path());
        assert_eq!(paths(&project), ["out.ts", "real/a.ts", "real/loop"]);
        assert_eq!(project.files[0].skipped, Some(Skipped::Link));
        assert!(project.files[0].text.is_empty());
    }

    #[test]
    fn git_tells_what_is_tracked_dirty_and_staged_in_a_subfolder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(
            root,
            &[
                ("app/a.ts", b"1"),
                ("app/.env", b"A=1"),
                ("app/.gitignore", b".env\nnode_modules\n"),
                ("other/b.ts", b""),
            ],
        );
        git(root, &["init", "-q"]);
        git(root, &["add", "-f", "app", "other"]);
        git(root, &["commit", "-qm", "first"]);
        write(
            root,
            &[
                ("app/a.ts", b"2"),
                ("app/new.ts", b""),
                ("app/staged.ts", b""),
                ("other/b.ts", b"2"),
                ("app/node_modules/x.js", b""),
            ],
        );
        git(root, &["add", "app/staged.ts"]);
        let project = read(&root.join("app"));
        assert!(project.vcs.present);
        assert_eq!(project.vcs.dirty, ["a.ts", "new.ts"]);
        assert_eq!(project.vcs.staged, ["staged.ts"]);
        let tracked: Vec<_> = project.files.iter().map(|file| (file.path.as_str(), file.tracked)).collect();
        assert_eq!(
            tracked,
            [(".env", true), (".gitignore", true), ("a.ts", true), ("new.ts", false), ("staged.ts", true)]
        );
        assert_eq!(project.output_folders, [(RelPath::new("node_modules").unwrap(), false)]);
    }

    #[test]
    fn the_commit_that_brought_a_value_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "-q"]);
        for (text, message) in [("one", "first"), ("one -needle *", "second"), ("two -needle *", "third")] {
            write(root, &[("a.ts", text.as_bytes())]);
            git(root, &["add", "."]);
            git(root, &["commit", "-qm", message]);
        }
        let (hash, date) = crate::vcs::first_commit_with(root, "a.ts", "-needle *").unwrap();
        let second = Command::new("git").arg("-C").arg(root).args(["rev-parse", "HEAD~1"]).output().unwrap();
        assert!(String::from_utf8_lossy(&second.stdout).starts_with(&hash));
        assert_eq!(date.len(), 10);
        assert_eq!(crate::vcs::first_commit_with(root, "a.ts", "absent"), None);
        assert_eq!(crate::vcs::first_commit_with(root, "a.ts", ""), None);
    }

    #[test]
    fn what_cannot_be_read_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("file.zip", b"")]);
        let error =
            |path: &Path, options: &ReadOptions| Project::read(path, options).unwrap_err().to_string();
        assert!(error(&folder.path().join("gone"), &ReadOptions::default()).contains("does not exist"));
        assert!(error(&folder.path().join("file.zip"), &ReadOptions::default()).contains("not a folder"));
        let elsewhere = ReadOptions { app_root: Some("web".to_owned()), ..ReadOptions::default() };
        assert!(error(folder.path(), &elsewhere).contains("--root"));
    }
}
