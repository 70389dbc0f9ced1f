//! Runs the program on trees in temporary folders, with an environment that holds nothing of the machine's.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The result, of a run that must have ended like this.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.out, self.err))
    }

    /// The error, of a run that must have failed with one sentence that says all of this.
    #[track_caller]
    pub(crate) fn failed_saying(self, words: &[&str]) {
        let Ran { err, .. } = self.ended(1);
        for word in words {
            assert!(err.contains(word), "no {word:?} in: {err}");
        }
        assert!(err.starts_with("error: "), "{err}");
        assert!(!err.contains("panicked") && !err.contains("os error 0"), "{err}");
    }
}

/// A tree in a folder of its own.
pub(crate) struct Tree {
    folder: TempDir,
    home: TempDir,
}

/// A value in the shape of an OpenAI key, and fake to the eye.
pub(crate) const FAKE_KEY: &str = "sk-proj-FixtureCli3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3Aa";

/// A small app: one variable read with a silent fallback, one key in the source.
pub(crate) const APP: &[(&str, &str)] = &[
    (
        "package.json",
        "{\n  \"name\": \"vite_react_shadcn_ts\",\n  \"private\": true,\n  \"type\": \"module\",\n  \"scripts\": { \"build\": \"vite build\" },\n  \
         \"dependencies\": { \"react\": \"^18.3.1\", \"react-dom\": \"^18.3.1\" },\n  \"devDependencies\": { \"typescript\": \"^5.8.3\", \"vite\": \"^5.4.19\" }\n}\n",
    ),
    ("index.html", "<div id=\"root\"></div>\n<script type=\"module\" src=\"/src/main.tsx\"></script>\n"),
    ("vite.config.ts", "import { defineConfig } from \"vite\";\n\nexport default defineConfig({});\n"),
    (
        "src/main.tsx",
        "import { advise } from \"./advice\";\nimport { forecast } from \"./weather\";\n\nforecast(\"here\").then(advise);\n",
    ),
    (
        "src/weather.ts",
        "const BASE = import.meta.env.VITE_WEATHER_URL || \"https://weather.example.com/v2\";\n\n\
         export async function forecast(place: string): Promise<string> {\n  const answer = await fetch(`${BASE}/forecast?place=${place}`);\n  return answer.text();\n}\n",
    ),
    (
        "src/advice.ts",
        "const KEY = \"sk-proj-FixtureCli3Hq7LmZ2xWv9Rt4Yb6Nc8Kd1Pf5Gj0Ss3Aa\";\n\n\
         export async function advise(text: string) {\n  await fetch(\"https://api.openai.com/v1/x\", { headers: { Authorization: `Bearer ${KEY}` }, body: text });\n}\n",
    ),
];

impl Tree {
    /// With these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: TempDir::new().unwrap(), home: TempDir::new().unwrap() };
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    /// As a folder is.
    pub(crate) fn copy(folder: &Path) -> Self {
        let tree = Self::new(&[]);
        let copied =
            Command::new("cp").args(["-R", "-P"]).arg(folder.join(".")).arg(tree.root()).status().unwrap();
        assert!(copied.success(), "{}", folder.display());
        tree
    }

    /// The small app, committed.
    pub(crate) fn app() -> Self {
        let tree = Self::new(APP);
        tree.commit();
        tree
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// A path beside the tree.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.home.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.home.path());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CEILING_DIRECTORIES", self.root().parent().unwrap());
        command.current_dir(self.root()).stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = self.command("git");
        command.args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@localhost",
            "-c",
            "init.defaultBranch=main",
        ]);
        let done = command.args(arguments).output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Everything under git, nothing changed.
    pub(crate) fn commit(&self) {
        if !self.path(".git").exists() {
            self.git(&["init", "-q"]);
        }
        self.git(&["add", "-A", "-f"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "as exported"]);
    }

    /// The program, in the tree.
    pub(crate) fn migrate(&self, arguments: &[&str]) -> Ran {
        self.migrate_with(arguments, &[])
    }

    /// The program, started in the tree and not waited for.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_migrate"));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// With more in its environment.
    pub(crate) fn migrate_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_migrate"));
        ran(command.args(arguments).envs(variables.iter().copied()))
    }

    /// As a user who is not root, so that permissions mean something. `None` where that cannot be had.
    pub(crate) fn migrate_as_user(&self, arguments: &[&str]) -> Option<Ran> {
        let root = self.command("id").arg("-u").output().ok()?.stdout == b"0\n";
        if !root {
            return Some(self.migrate(arguments));
        }
        // The program is copied to where that user may run it.
        let program = self.folder.path().join("../").join(format!("migrate-{}", std::process::id()));
        fs::copy(env!("CARGO_BIN_EXE_migrate"), &program).ok()?;
        for folder in [self.root(), self.home.path().to_owned()] {
            give(&folder, 65_534);
        }
        let mut command = self.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--"]);
        let done = command.arg(&program).args(arguments).output();
        drop(fs::remove_file(&program));
        let done = done.ok()?;
        // Containers without that right say so; then nothing can be shown.
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        if err.starts_with("setpriv:") {
            return None;
        }
        Some(Ran {
            code: done.status.code().unwrap(),
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err,
        })
    }

    /// The program on a terminal of its own, with these answers typed. Output and errors come together.
    pub(crate) fn migrate_on_terminal(&self, arguments: &str, answers: &str) -> Option<Ran> {
        let mut command = self.command("script");
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_migrate"));
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "dumb").stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().ok()?;
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), answers.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        Some(Ran {
            code: done.status.code().unwrap(),
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
        })
    }

    /// All files with their bytes and modes, git's own folder left out.
    pub(crate) fn files(&self) -> BTreeMap<String, (Vec<u8>, u32)> {
        let mut files = BTreeMap::new();
        let mut waiting = vec![self.root()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if entry.file_name() == ".git" {
                    continue;
                }
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    let name = path.strip_prefix(self.root()).unwrap().to_string_lossy().into_owned();
                    let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
                    files.insert(name, (fs::read(&path).unwrap_or_default(), mode));
                }
            }
        }
        files
    }
}

fn ran(command: &mut Command) -> Ran {
    let done = command.output().unwrap();
    Ran {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

fn give(folder: &Path, user: u32) {
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        chown(&path, Some(user), Some(user)).unwrap();
        if path.is_dir() && !path.is_symlink() {
            waiting.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()));
        }
    }
}
