//! The app's production server: started on this machine alone, with the generated environment, and ended with all that it started.

use crate::http::{self, Request, Response};
use crate::process::{self, Running, Task, Variables};
use crate::tools::Tools;
use anyhow::{Context, Result};
use stack::production::Start;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

const BOOT: Duration = Duration::from_secs(60);

/// How the server is started.
pub(crate) struct Boot<'a> {
    pub(crate) app: &'a Path,
    pub(crate) start: &'a Start,
    pub(crate) port: u16,
    pub(crate) tools: &'a Tools<'a>,
}

/// A server that answers; dropping it ends it.
pub(crate) struct Server {
    running: Running,
    port: u16,
}

/// How a start ended that was not to succeed.
pub(crate) enum Refused {
    /// It ended by itself; what it said.
    Ended(String),
    /// It answers.
    Serves(Box<Server>),
}

impl Boot<'_> {
    /// Starts it and waits until it answers. The error is what it said.
    pub(crate) fn boot(&self, given: &Variables) -> Result<Server, Vec<String>> {
        match self.attempt(given, "server").map_err(|error| vec![format!("{error:#}")])? {
            Refused::Serves(server) => Ok(*server),
            Refused::Ended(said) => Err(process::telling(&said, 6)),
        }
    }

    /// Starts it; it may end by itself.
    pub(crate) fn attempt(&self, given: &Variables, log: &str) -> Result<Refused> {
        let mut variables = self.tools.variables.clone();
        variables.extend(given.clone());
        let own = [
            ("NODE_ENV", "production".to_owned()),
            ("PORT", self.port.to_string()),
            ("HOST", "127.0.0.1".to_owned()),
            ("HOSTNAME", "127.0.0.1".to_owned()),
            ("NITRO_HOST", "127.0.0.1".to_owned()),
            ("NITRO_PORT", self.port.to_string()),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let fill = |argument: &&str| {
            argument.replace("{port}", &self.port.to_string()).replace("{host}", "127.0.0.1")
        };
        let task = Task {
            program: "node",
            arguments: [process::ENDS_WITH_US.to_owned()]
                .into_iter()
                .chain(self.start.arguments.iter().map(fill))
                .collect(),
            folder: self.app,
            variables: &variables,
            log: self.tools.folder.join(format!("{log}.log")),
        };
        let mut running = process::start(&task)?;
        let begun = Instant::now();
        loop {
            if running.ended().is_some() {
                return Ok(Refused::Ended(running.said()));
            }
            if http::send(self.port, &Request::get("/")).is_ok() {
                return Ok(Refused::Serves(Box::new(Server { running, port: self.port })));
            }
            if begun.elapsed() > BOOT {
                let said = format!("{}\nit gave no answer within {} s", running.said(), BOOT.as_secs());
                return Ok(Refused::Ended(said));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Server {
    /// Asks it.
    pub(crate) fn send(&self, request: &Request) -> Result<Response, String> {
        http::send(self.port, request)
    }

    /// What it has written to its log.
    pub(crate) fn said(&self) -> String {
        self.running.said()
    }
}

/// A port that nobody uses now.
pub(crate) fn free_port() -> Result<u16> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of this machine is free")?;
    Ok(socket.local_addr()?.port())
}
