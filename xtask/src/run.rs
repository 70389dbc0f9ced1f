//! Runs a program and measures it: output, exit code, seconds, peak memory (from `/proc`, so on Linux only).

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one run gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) seconds: f64,
    /// Peak resident memory in MB; 0 where it cannot be read.
    pub(crate) peak_mb: f64,
}

impl Ran {
    pub(crate) fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// The last line that says something, for a table.
    pub(crate) fn last_words(&self) -> &str {
        let mut said = self.stderr.lines().rev().chain(self.stdout.lines().rev());
        said.find(|line| !line.trim().is_empty()).unwrap_or("it said nothing")
    }
}

/// Runs to the end, or until `limit` has passed (then the code is `None`).
pub(crate) fn run(program: &Path, args: &[&str], folder: &Path, limit: Duration) -> anyhow::Result<Ran> {
    let start = Instant::now();
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = read(stdout.take().map(|pipe| Box::new(pipe) as _));
    let err = read(stderr.take().map(|pipe| Box::new(pipe) as _));
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mb: f64 = 0.0;
    let code = loop {
        peak_mb = peak_mb.max(high_water(&status));
        if let Some(ended) = child.try_wait()? {
            break ended.code();
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let seconds = start.elapsed().as_secs_f64();
    let join = |thread: std::thread::JoinHandle<String>| thread.join().unwrap_or_default();
    Ok(Ran { code, stdout: join(out), stderr: join(err), seconds, peak_mb })
}

fn high_water(status: &str) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
