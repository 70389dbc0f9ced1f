//! A client for servers on this machine: one request, one answer, one connection. Every header is the caller's: a browser's client
//! would not let us send a foreign `Origin`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), ..Self::default() }
    }

    pub(crate) fn post(path: impl Into<String>, json: &str) -> Self {
        let request =
            Self { method: "POST", path: path.into(), body: json.as_bytes().to_vec(), ..Self::default() };
        request.with("content-type", "application/json")
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    /// The first header of this name (lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All headers of this name (lower case).
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn redirects(&self) -> bool {
        (300..400).contains(&self.status) && self.header("location").is_some()
    }
}

/// Sends a request to a port of this machine. The error is a few words: refused, no answer, closed.
pub(crate) fn send(port: u16, request: &Request) -> Result<Response, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    let given = |name: &str| request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if !given("host") {
        head += &format!("host: 127.0.0.1:{port}\r\n");
    }
    if !given("content-length") && (!request.body.is_empty() || request.method == "POST") {
        head += &format!("content-length: {}\r\n", request.body.len());
    }
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "connection: close\r\n\r\n";
    // A server that refuses a body may answer, and close, before it has read all of it.
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&request.body));
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    if bytes.is_empty() {
        return Err(match (sent, read) {
            (Err(error), _) | (_, Err(error)) => format!("no answer ({error})"),
            _ => "closed without an answer".to_owned(),
        });
    }
    parsed(&bytes).ok_or_else(|| "an answer that is not HTTP".to_owned())
}

fn parsed(bytes: &[u8]) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value.to_lowercase().contains("chunked"));
    let body = &bytes[end + 4..];
    let body = if chunked { joined(body) } else { body.to_vec() };
    Some(Response { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The body of a chunked answer; what is cut short ends where it was cut.
fn joined(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or("").trim(), 16) else { break };
        let start = end + 2;
        let stop = (start + size).min(bytes.len());
        body.extend_from_slice(&bytes[start..stop]);
        if size == 0 || stop + 2 > bytes.len() {
            break;
        }
        bytes = &bytes[stop + 2..];
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_headers_are_read_in_any_case() {
        let answer = b"HTTP/1.1 403 Forbidden\r\nSet-Cookie: a=1; HttpOnly\r\nSet-Cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x=y\r\npedia.\r\n0\r\n\r\n";
        let answer = parsed(answer).unwrap();
        assert_eq!(answer.status, 403);
        assert_eq!(answer.all("set-cookie").collect::<Vec<_>>(), ["a=1; HttpOnly", "b=2"]);
        assert_eq!(answer.body, "Wikipedia.");
    }

    #[test]
    fn an_answer_that_is_cut_short_is_still_an_answer() {
        assert_eq!(parsed(b"HTTP/1.1 413 Too Large\r\ncontent-length: 10\r\n\r\nsho").unwrap().body, "sho");
        assert!(parsed(b"hello").is_none());
    }
}
