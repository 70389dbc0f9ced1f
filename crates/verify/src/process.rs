//! Commands of a project that is not ours: with an environment that holds nothing of the user's but what finding programs and packages
//! needs, with a time limit, and in a process group that is ended as a whole.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// Variables of the user that are passed on: where programs and certificates are, and how the network is reached.
const PASSED: &[&str] = &[
    "LANG",
    "LC_ALL",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "npm_config_registry",
    "npm_config_cache",
];

/// Variables of a command.
pub(crate) type Variables = BTreeMap<String, String>;

/// A command to be run.
pub(crate) struct Task<'a> {
    /// The program, found by the `PATH` of the variables.
    pub(crate) program: &'a str,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Where it runs.
    pub(crate) folder: &'a Path,
    /// All of its variables.
    pub(crate) variables: &'a Variables,
    /// Where its output is written.
    pub(crate) log: PathBuf,
}

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// Its code; `None` if it was ended by a signal or by the time limit.
    pub(crate) code: Option<i32>,
    /// Whether the time limit ended it.
    pub(crate) late: bool,
    /// Both outputs.
    pub(crate) said: String,
}

impl Ran {
    pub(crate) fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// The lines that tell most of a failure, at most `most`.
    pub(crate) fn telling(&self, most: usize) -> Vec<String> {
        telling(&self.said, most)
    }
}

/// A command that runs until it is ended. Dropping it ends its whole group.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
    /// Closes when this process is gone, however it went; then the command ends itself, where it listens.
    _alive: Option<ChildStdin>,
}

/// Makes Node end when the other end of its standard input is gone.
pub(crate) const ENDS_WITH_US: &str =
    "--import=data:text/javascript,const i=process.stdin;i.on('end',()=>process.exit()).resume();i.unref?.()";

impl Running {
    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        read(&self.log)
    }

    /// Its exit, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<Option<i32>> {
        self.child.try_wait().ok().flatten().map(|status| status.code())
    }

    /// Ends it without a chance to say goodbye.
    pub(crate) fn end(&mut self) {
        end_group(self.child.id());
        // Whatever the shell made of it: without this the wait could last for ever.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts the task.
pub(crate) fn start(task: &Task<'_>) -> Result<Running> {
    let log = File::create(&task.log).with_context(|| format!("{} cannot be written", task.log.display()))?;
    let errors = log.try_clone()?;
    let mut command = Command::new(program(task));
    command.args(&task.arguments).current_dir(task.folder).env_clear().envs(task.variables);
    command
        .stdin(if listens(task) { Stdio::piped() } else { Stdio::null() })
        .stdout(log)
        .stderr(errors)
        .process_group(0);
    let mut child =
        command.spawn().with_context(|| format!("`{}` cannot be started; is it installed?", task.program))?;
    let _alive = child.stdin.take();
    Ok(Running { child, log: task.log.clone(), _alive })
}

fn listens(task: &Task<'_>) -> bool {
    task.arguments.iter().any(|argument| argument == ENDS_WITH_US)
}

/// Runs the task to its end, or to the end of `limit`.
pub(crate) fn run(task: &Task<'_>, limit: Duration) -> Result<Ran> {
    let begun = Instant::now();
    let mut running = start(task)?;
    loop {
        if let Some(code) = running.ended() {
            // What it left behind in its group goes too.
            end_group(running.child.id());
            return Ok(Ran { code, late: false, said: running.said() });
        }
        if begun.elapsed() > limit {
            running.end();
            return Ok(Ran { code: None, late: true, said: running.said() });
        }
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// The program by the `PATH` that the task gets, not by ours.
fn program(task: &Task<'_>) -> PathBuf {
    let path = task.variables.get("PATH").map_or("", String::as_str);
    let found =
        path.split(':').map(|folder| Path::new(folder).join(task.program)).find(|file| file.is_file());
    found.unwrap_or_else(|| PathBuf::from(task.program))
}

/// Ends all processes of a group. The group may be gone, which is fine.
fn end_group(leader: u32) {
    let mut kill = Command::new("/bin/sh");
    kill.args(["-c", &format!("kill -s KILL -- -{leader}")]);
    kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
}

/// The environment of every command: nothing of the user's but what is listed above, a home of its own, no colours, no questions.
pub(crate) fn scrubbed(home: &Path) -> Variables {
    let mut variables = Variables::new();
    for name in PASSED {
        if let Ok(value) = std::env::var(name) {
            variables.insert((*name).to_owned(), value);
        }
    }
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let cache = std::env::var("HOME").map(|home| format!("{home}/.npm"));
    if let Ok(cache) = cache {
        variables.entry("npm_config_cache".to_owned()).or_insert(cache);
    }
    let ours = [
        ("PATH", path.as_str()),
        ("CI", "1"),
        ("NO_COLOR", "1"),
        ("NEXT_TELEMETRY_DISABLED", "1"),
        ("DO_NOT_TRACK", "1"),
        ("npm_config_audit", "false"),
        ("npm_config_fund", "false"),
        ("npm_config_update_notifier", "false"),
    ];
    for (name, value) in ours {
        variables.insert(name.to_owned(), value.to_owned());
    }
    variables.insert("HOME".to_owned(), home.display().to_string());
    variables.insert("TMPDIR".to_owned(), home.display().to_string());
    variables
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

/// The lines of an output that tell most: those with an error, else the last ones.
pub(crate) fn telling(said: &str, most: usize) -> Vec<String> {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let errors = |line: &&&str| {
        let line = line.to_lowercase();
        line.contains("error") || line.contains("cannot find") || line.contains("failed")
    };
    let mut shown: Vec<String> =
        lines.iter().filter(errors).take(most).map(|line| (*line).to_owned()).collect();
    if shown.is_empty() {
        shown = lines.iter().skip(lines.len().saturating_sub(most)).map(|line| (*line).to_owned()).collect();
    }
    for line in &mut shown {
        *line = line.chars().take(300).collect();
    }
    shown
}
