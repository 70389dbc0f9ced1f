//! Security headers: what the app answers with, said where its host or its framework reads it.

use super::object::Object;
use crate::repository_hygiene::commands::Commands;
use crate::sessions_to_server::framing::{self, Framing};
use audit::Survey;
use edit::{Edit, Piece, RelPath, Span};
use plan::Request;
use project::{File, Kind};
use serde_json::json;
use stack::Side;
use std::collections::BTreeSet;

/// Where headers are said.
pub(super) enum Place<'s> {
    /// A function of the framework's configuration.
    Framework(Object<'s>),
    /// `vercel.json`.
    Vercel(RelPath),
    /// `netlify.toml`.
    Netlify(&'s File),
    /// A `_headers` file beside the pages.
    Listed(RelPath),
}

/// Where the headers of the app are missing and can be said.
pub(super) fn missing<'s>(survey: &Survey<'s>, commands: &Commands<'s>) -> Vec<Place<'s>> {
    let framework = survey.stack.framework;
    let project = survey.project;
    let mut places = Vec::new();
    if framework.says_headers() {
        let object = framework.config_file(project, commands.app).and_then(Object::exported);
        // A static export has no server that could set them, unless the export itself has to go.
        let served = |object: &Object<'_>| {
            object.value("output").is_none_or(|output| !output.contains("export"))
                || crate::routing_fallback::export_goes(survey, commands)
        };
        let object = object.filter(|object| object.value("headers").is_none() && served(object));
        places.extend(object.map(Place::Framework));
        return places;
    }
    for host in survey.stack.hosts.iter().map(|host| host.id()) {
        let file = |name: &str| {
            let own = commands.path(name).and_then(|path| project.file(path.as_str()));
            own.or_else(|| project.file(name))
        };
        match host {
            "vercel" => match file("vercel.json") {
                Some(found) if !found.text.contains("\"headers\"") && json_object(found) => {
                    places.push(Place::Vercel(found.path.clone()));
                }
                Some(_) => {}
                None => places.extend(commands.path("vercel.json").map(Place::Vercel)),
            },
            "netlify" => {
                let listed = file("public/_headers").is_some();
                match file("netlify.toml") {
                    Some(found) if !found.text.contains("[[headers]]") && !listed => {
                        places.push(Place::Netlify(found))
                    }
                    None if !listed => places.extend(commands.path("public/_headers").map(Place::Listed)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    places
}

fn json_object(file: &File) -> bool {
    syntax::document::json::parse(&file.text).is_some_and(|value| value.is_object())
}

/// The headers of every page: name and value.
pub fn headers(survey: &Survey<'_>) -> Vec<(&'static str, String)> {
    // A server that draws the pages says itself which scripts run: it writes some of them.
    let drawn = survey.stack.server.is_some_and(|server| server.is_within());
    let told = drawn && crate::sessions_to_server::lands(survey);
    let mut headers = if told { Vec::new() } else { content_policy(survey) };
    headers.extend(
        match framing::of(survey) {
            Framing::Nobody => Some("DENY"),
            Framing::Own => Some("SAMEORIGIN"),
            Framing::Others => None,
        }
        .map(|value| ("X-Frame-Options", value.to_owned())),
    );
    headers.extend([
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Referrer-Policy", "strict-origin-when-cross-origin".to_owned()),
        ("Strict-Transport-Security", "max-age=15552000; includeSubDomains".to_owned()),
        ("Permissions-Policy", permissions(survey)),
    ]);
    headers
}

/// What pages may load, from what the app loads. Where an address cannot be told the list is only reported, and what the pages never
/// use is forbidden all the same.
fn content_policy(survey: &Survey<'_>) -> Vec<(&'static str, String)> {
    let folder = survey.project.apps.first().map_or("", |app| app.folder.as_str());
    let mut policy = crate::sessions_to_server::policy::of(survey, folder);
    // A framework that renders pages writes scripts into them, and evaluates code in development.
    let renders = survey.stack.framework.says_headers();
    policy.inline |= renders || survey.stack.server.is_some_and(|server| server.is_within());
    let asks_backend = survey.stack.backends.iter().any(|backend| backend.id() == "supabase");
    if asks_backend && crate::sessions_to_server::reaches_backend(survey) {
        let hosts = ["https://*.supabase.co", "wss://*.supabase.co"];
        policy.connections.extend(hosts.map(str::to_owned));
    }
    let listed = |own: &str, more: &BTreeSet<String>| {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        [vec![own], more].concat().join(" ")
    };
    let inline = if policy.inline { "'self' 'unsafe-inline'" } else { "'self'" };
    let scripts = listed(inline, &policy.scripts);
    let fixed =
        framing::of(survey).said("base-uri 'self'; object-src 'none'; frame-ancestors 'none'".to_owned());
    let full = [
        "default-src 'self'".to_owned(),
        format!("script-src {scripts}{}", if renders { DEVELOPMENT } else { "" }),
        format!("style-src {}", listed("'self' 'unsafe-inline'", &policy.styles)),
        format!("font-src {}", listed("'self' data:", &policy.fonts)),
        "img-src 'self' data: blob: https:".to_owned(),
        "media-src 'self' data: blob: https:".to_owned(),
        format!("connect-src {}", listed("'self'", &policy.connections)),
        format!("frame-src {}", listed("'self'", &policy.frames)),
        "worker-src 'self' blob:".to_owned(),
        fixed.clone(),
    ];
    let full = full.join("; ");
    if policy.certain {
        vec![("Content-Security-Policy", full)]
    } else {
        vec![("Content-Security-Policy", fixed), ("Content-Security-Policy-Report-Only", full)]
    }
}

/// What development needs, where the configuration is code.
const DEVELOPMENT: &str = "${process.env.NODE_ENV === \"development\" ? \" 'unsafe-eval'\" : \"\"}";

/// What the code asks the browser for is allowed to the app itself, the rest to nobody.
fn permissions(survey: &Survey<'_>) -> String {
    let asked = |words: &[&str]| {
        let code = survey.project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_)));
        let mut browser =
            code.filter(|file| matches!(survey.stack.side(file.id), Side::Browser | Side::Both));
        browser.any(|file| words.iter().any(|word| file.text.contains(word)))
    };
    let media = asked(&[
        "getUserMedia",
        "react-webcam",
        "Html5Qrcode",
        "BarcodeDetector",
        "MediaRecorder",
        "livekit",
        "agora-rtc",
        "@daily-co",
    ]);
    let place = asked(&["navigator.geolocation", "useGeolocation", "GeolocateControl"]);
    let allowed = |yes: bool| if yes { "(self)" } else { "()" };
    format!("camera={0}, microphone={0}, geolocation={1}, browsing-topics=()", allowed(media), allowed(place))
}

/// The edits and requests that say them at one place.
pub(super) fn say(survey: &Survey<'_>, place: &Place<'_>) -> (Vec<Edit>, Vec<Request>) {
    let headers = headers(survey);
    match place {
        Place::Framework(object) => (vec![object.add(&function(survey, object, &headers))], Vec::new()),
        Place::Vercel(path) => {
            let listed: Vec<_> =
                headers.iter().map(|(name, value)| json!({ "key": name, "value": value })).collect();
            let value = json!([{ "source": "/(.*)", "headers": listed }]);
            (Vec::new(), vec![Request::Json { path: path.clone(), key: vec!["headers".to_owned()], value }])
        }
        Place::Netlify(file) => {
            let end = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
            let mut lines = vec![
                String::new(),
                "[[headers]]".to_owned(),
                "  for = \"/*\"".to_owned(),
                "  [headers.values]".to_owned(),
            ];
            lines.extend(headers.iter().map(|(name, value)| format!("    {name} = \"{value}\"")));
            let first = if file.text.ends_with('\n') { "" } else { end };
            let text = format!("{first}{}{end}", lines.join(end));
            let at = file.text.len();
            (vec![Edit::replace(Span::new(file.id, at..at), text)], Vec::new())
        }
        Place::Listed(path) => {
            let lines: String = headers.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
            let request = Request::File {
                path: path.clone(),
                pieces: vec![Piece::text(format!("/*\n{lines}"))],
                mode: 0o644,
            };
            (Vec::new(), vec![request])
        }
    }
}

/// `async headers() { … }` in the style of the file.
fn function(survey: &Survey<'_>, object: &Object<'_>, headers: &[(&str, String)]) -> String {
    let text = &survey.project.get(object.file()).text;
    let semicolon = if text.lines().any(|line| line.trim_end().ends_with(';')) { ";" } else { "" };
    let quoted = |text: &str| {
        let quote = if text.contains("${") { '`' } else { '"' };
        format!("{quote}{text}{quote}")
    };
    // A policy of many parts is read a part a line.
    let long = |value: &str| value.split("; ").count() > 4;
    let mut policy = String::new();
    for (_, value) in headers.iter().filter(|(_, value)| long(value)) {
        let parts: String = value.split("; ").map(|part| format!("    {},\n", quoted(part))).collect();
        policy = format!("  const policy = [\n{parts}  ].join(\"; \"){semicolon}\n");
    }
    let line = |(name, value): &(&str, String)| {
        let value = if long(value) { "policy".to_owned() } else { quoted(value) };
        format!("        {{ key: \"{name}\", value: {value} }},\n")
    };
    let lines: String = headers.iter().map(line).collect();
    format!(
        "async headers() {{\n{policy}  return [\n    {{\n      source: \"/(.*)\",\n      headers: [\n{lines}      ],\n    }},\n  ]{semicolon}\n}},"
    )
}
