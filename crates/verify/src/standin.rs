//! The backend for proofs: a stand-in for a hosted Supabase project on a real PostgreSQL, which is a package of npm and runs in the
//! stand-in's process. Its source is part of this program and is written to the scratch folder. It is a test double, and says so.

use crate::process::{self, Running, Task, Variables};
use crate::{http, tools::Tools};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const INSTALL: Duration = Duration::from_secs(300);
const START: Duration = Duration::from_secs(90);

/// Its files.
const FILES: &[(&str, &str)] = &[
    ("package.json", include_str!("../standin/package.json")),
    ("bootstrap.sql", include_str!("../standin/bootstrap.sql")),
    ("pgtap.sql", include_str!("../standin/pgtap.sql")),
    ("extensions/pg_cron.sql", include_str!("../standin/extensions/pg_cron.sql")),
    ("extensions/pg_net.sql", include_str!("../standin/extensions/pg_net.sql")),
    ("extensions/pgmq.sql", include_str!("../standin/extensions/pgmq.sql")),
    ("extensions/supabase_vault.sql", include_str!("../standin/extensions/supabase_vault.sql")),
    ("src/auth.mjs", include_str!("../standin/src/auth.mjs")),
    ("src/cli.mjs", include_str!("../standin/src/cli.mjs")),
    ("src/db.mjs", include_str!("../standin/src/db.mjs")),
    ("src/grants.mjs", include_str!("../standin/src/grants.mjs")),
    ("src/jwt.mjs", include_str!("../standin/src/jwt.mjs")),
    ("src/policies.mjs", include_str!("../standin/src/policies.mjs")),
    ("src/postgrest.mjs", include_str!("../standin/src/postgrest.mjs")),
    ("src/realtime.mjs", include_str!("../standin/src/realtime.mjs")),
    ("src/server.mjs", include_str!("../standin/src/server.mjs")),
    ("src/storage.mjs", include_str!("../standin/src/storage.mjs")),
    ("src/tests.mjs", include_str!("../standin/src/tests.mjs")),
];

/// A stand-in that runs; dropping it ends it.
pub(crate) struct Standin {
    running: Running,
    pub(crate) port: u16,
    pub(crate) url: String,
    pub(crate) publishable: String,
    pub(crate) secret: String,
    /// SQL files that were applied, and what PostgreSQL said of those that were not.
    pub(crate) applied: Vec<String>,
    pub(crate) failed: Vec<(String, String)>,
}

impl Standin {
    /// Installs and starts it in `folder`, with the SQL files of `sql`, for an app at `origin`.
    pub(crate) fn start(folder: &Path, sql: &Path, origin: &str, tools: &Tools<'_>) -> Result<Self> {
        for (name, text) in FILES {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        let arguments =
            ["install", "--omit=dev", "--ignore-scripts", "--no-package-lock", "--prefer-offline"];
        let install = Task {
            program: "npm",
            arguments: arguments.map(str::to_owned).to_vec(),
            folder,
            variables: &tools.variables,
            log: folder.join("install.log"),
        };
        let installed = process::run(&install, INSTALL)?;
        if !installed.ok() {
            bail!("its packages cannot be installed: {}", installed.telling(1).join(" "));
        }
        let port = crate::server::free_port()?;
        let arguments = vec![
            process::ENDS_WITH_US.to_owned(),
            "src/cli.mjs".to_owned(),
            format!("--port={port}"),
            "--db=pglite:".to_owned(),
            format!("--migrations={}", sql.display()),
            format!("--site-url={origin}"),
        ];
        let variables: Variables = tools.variables.clone();
        let start =
            Task { program: "node", arguments, folder, variables: &variables, log: folder.join("run.log") };
        let mut running = process::start(&start)?;
        let begun = Instant::now();
        let said = loop {
            let said = running.said();
            if said.contains("SUPABASE_SECRET_KEY=") && said.ends_with('\n') {
                break said;
            }
            if running.ended().is_some() {
                bail!("it did not start: {}", process::telling(&said, 1).join(" "));
            }
            if begun.elapsed() > START {
                bail!("it did not start within {} s", START.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let value = |name: &str| {
            said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let line = |mark: &str| {
            let marked = said.lines().filter_map(|line| line.strip_prefix(mark));
            marked.map(|rest| rest.trim().to_owned()).collect::<Vec<_>>()
        };
        let failed = line("FAILED").into_iter().map(|line| {
            let (file, why) = line.split_once(' ').unwrap_or((&line, ""));
            (file.to_owned(), why.to_owned())
        });
        Ok(Self {
            port,
            url: value("SUPABASE_URL").context("it names no address")?,
            publishable: value("SUPABASE_PUBLISHABLE_KEY").context("it names no key")?,
            secret: value("SUPABASE_SECRET_KEY").context("it names no key")?,
            applied: line("applied"),
            failed: failed.collect(),
            running,
        })
    }

    /// Sets what it does from now on: `{"jwtExp": 2}`.
    pub(crate) fn configure(&self, json: &str) -> Result<(), String> {
        http::send(self.port, &http::Request::post("/_standin/config", json)).map(drop)
    }

    /// What a visitor without a session may do with each table.
    pub(crate) fn policies(&self) -> Vec<Value> {
        let asked = http::send(self.port, &http::Request::get("/_standin/policies"));
        asked.ok().and_then(|answer| answer.json().as_array().cloned()).unwrap_or_default()
    }

    /// What a file of tests of the database says: how many pass, and each that does not.
    pub(crate) fn tests(&self, sql: &str) -> Result<Value, String> {
        http::send(self.port, &http::Request::post("/_standin/tests", sql)).map(|answer| answer.json())
    }

    /// How often a session was renewed.
    pub(crate) fn renewals(&self) -> u64 {
        let asked = http::send(self.port, &http::Request::get("/_standin/stats"));
        asked.ok().and_then(|answer| answer.json()["refresh"].as_u64()).unwrap_or_default()
    }

    /// A new visitor, signed up past the app: the answer of the Auth server.
    pub(crate) fn sign_up(&self, email: &str) -> Result<Value, String> {
        let body = format!(r#"{{"email":"{email}","password":"a long password"}}"#);
        let request = http::Request::post("/auth/v1/signup", &body).with("apikey", self.publishable.as_str());
        let answer = http::send(self.port, &request)?;
        if answer.status == 200 {
            Ok(answer.json())
        } else {
            Err(format!("sign-up answered {}: {}", answer.status, answer.body))
        }
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.running.ended().is_none()
    }
}
