//! The Content-Security-Policy, from what the app loads: hosts in its pages, styles and code. Where an address is computed the policy is
//! only reported, for a host that it does not name would break the app.

use super::client::in_browser;
use super::{asked, uses};
use audit::Survey;
use project::Kind;
use stack::{Side, builder};
use std::collections::BTreeSet;
use syntax::view::{
    TemplatePart, arguments, callee_path, jsx_attributes, jsx_name, key_name, string_value, template_parts,
    unwrapped, value_of, walk,
};
use syntax::{Node, Tree};

/// The sources of each kind, beside the app's own.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    pub(crate) scripts: BTreeSet<String>,
    pub(crate) styles: BTreeSet<String>,
    pub(crate) fonts: BTreeSet<String>,
    pub(crate) connections: BTreeSet<String>,
    pub(crate) frames: BTreeSet<String>,
    /// A script stands in the page itself.
    pub(crate) inline: bool,
    /// Every address is known.
    pub(crate) certain: bool,
    /// Every script is known, whatever else the app loads.
    pub(crate) scripts_certain: bool,
}

/// Packages that load from addresses of their own, or make code from text, or from WebAssembly.
const LOADERS: &[&str] = &[
    "@react-pdf/renderer",
    "handlebars",
    "ajv",
    "sql.js",
    "@sqlite.org/sqlite-wasm",
    "@electric-sql/pglite",
    "onnxruntime-web",
    "@mediapipe/tasks-vision",
    "@tensorflow-models/pose-detection",
    "face-api.js",
    "@react-three/rapier",
    "shiki",
    "plotly.js",
    "react-plotly.js",
    "ag-grid-community",
    "vega",
    "lottie-web",
    "@lottiefiles/dotlottie-react",
    "@rive-app/react-canvas",
    "monaco-editor",
    "@vis.gl/react-google-maps",
    "@googlemaps/react-wrapper",
    "react-google-autocomplete",
    "@microsoft/clarity",
    "@hotjar/browser",
    "logrocket",
    "@fullstory/browser",
    "react-gtm-module",
    "react-facebook-pixel",
    "react-razorpay",
    "@paystack/inline-js",
    "react-paystack",
    "flutterwave-react-v3",
    "@paddle/paddle-js",
    "@calcom/embed-react",
    "react-calendly",
    "react-twitter-embed",
    "firebase",
    "mapbox-gl",
    "maplibre-gl",
    "leaflet",
    "@react-google-maps/api",
    "@googlemaps/js-api-loader",
    "posthog-js",
    "@sentry/react",
    "@sentry/browser",
    "mixpanel-browser",
    "amplitude-js",
    "@amplitude/analytics-browser",
    "react-ga4",
    "tesseract.js",
    "@tensorflow/tfjs",
    "@huggingface/transformers",
    "@xenova/transformers",
    "@ffmpeg/ffmpeg",
    "@paypal/react-paypal-js",
    "@mercadopago/sdk-react",
    "@monaco-editor/react",
    "pdfjs-dist",
    "react-pdf",
    "@elevenlabs/react",
    "@11labs/react",
    "@vapi-ai/web",
    "livekit-client",
    "agora-rtc-sdk-ng",
    "@daily-co/daily-js",
    "@intercom/messenger-js-sdk",
    "crisp-sdk-web",
    "@hcaptcha/react-hcaptcha",
    "react-google-recaptcha",
    "@marsidev/react-turnstile",
    "@sentry/nextjs",
    "@sentry/tanstackstart-react",
    "next-axiom",
    "react-player",
    "react-youtube",
    "openai",
    "@google/generative-ai",
    "@react-oauth/google",
    "@splinetool/react-spline",
    "lottie-react",
    "@lottiefiles/react-lottie-player",
    "ethers",
    "wagmi",
    "viem",
    "web3",
];

/// The same of whole families: accounts, videos and meetings of another company.
const LOADING_FAMILIES: &[&str] = &[
    "@clerk/",
    "@auth0/",
    "@workos-inc/",
    "@kinde-oss/",
    "@stytch/",
    "@privy-io/",
    "@dynamic-labs/",
    "@mux/",
];

impl Policy {
    /// A script may come from somewhere that is not known: so may what it loads.
    fn doubt_scripts(&mut self) {
        self.certain = false;
        self.scripts_certain = false;
    }
}

/// Reads the app at `folder`.
pub(crate) fn of(survey: &Survey<'_>, folder: &str) -> Policy {
    let mut policy = Policy { certain: true, scripts_certain: true, ..Policy::default() };
    let below = |path: &str| folder.is_empty() || path.starts_with(&format!("{folder}/"));
    for file in survey.project.files.iter().filter(|file| file.skipped.is_none() && below(file.path.as_str()))
    {
        match file.kind {
            Kind::Html if file.path.name() == "index.html" => page(&file.text, &mut policy),
            Kind::Css => style(&file.text, &mut policy),
            _ => {}
        }
    }
    // Where pages are rendered on the server, its code says what they load, too.
    let renders = survey.stack.framework.says_headers();
    let makes_pages = |side: Side| in_browser(side) || renders && side == Side::Server;
    for file in uses::code(survey) {
        let side = survey.stack.side(file.id);
        if makes_pages(side) {
            code(file, in_browser(side), &mut policy);
        }
    }
    let package = survey.project.packages.iter().find(|package| package.folder == folder);
    if let Some(package) = package {
        if package.dependencies.contains_key("@stripe/stripe-js") {
            policy.scripts.insert("https://js.stripe.com".to_owned());
            policy.frames.insert("https://js.stripe.com".to_owned());
            policy.frames.insert("https://hooks.stripe.com".to_owned());
            policy.connections.insert("https://api.stripe.com".to_owned());
        }
        // The address of a client that stays is known at the host alone.
        policy.certain &= asked::of(survey).apart.is_empty();
        let loads = |name: &String| {
            LOADERS.contains(&name.as_str()) || LOADING_FAMILIES.iter().any(|family| name.starts_with(family))
        };
        if package.dependencies.keys().any(loads) {
            policy.doubt_scripts();
        }
    }
    policy
}

/// The tags of a page.
fn page(html: &str, policy: &mut Policy) {
    for tag in html.split('<').skip(1) {
        let name: String = tag.chars().take_while(|letter| letter.is_ascii_alphabetic()).collect();
        let tag_text = tag.split('>').next().unwrap_or("");
        let address = ["src=\"", "href=\"", "src='", "href='"].iter().find_map(|attribute| {
            let rest = &tag_text[tag_text.find(attribute)? + attribute.len()..];
            origin(rest.split(['"', '\'']).next()?)
        });
        match (name.to_lowercase().as_str(), address) {
            // The builder's own script goes with its other leftovers.
            ("script", Some(host)) if builder::loads_from(&host) => {}
            ("script", Some(host)) => {
                policy.scripts.insert(host.clone());
                policy.connections.insert(host);
                // Whoever loads a script from elsewhere loads what that script loads.
                policy.doubt_scripts();
            }
            ("script", None) if !tag_text.contains("src=") => policy.inline = true,
            ("link", Some(host)) if tag_text.contains("stylesheet") => {
                fonts_behind(&host, policy);
                policy.styles.insert(host);
            }
            ("iframe", Some(host)) => {
                policy.frames.insert(host);
            }
            _ => {}
        }
    }
}

fn style(css: &str, policy: &mut Policy) {
    for (at, word) in css.match_indices("url(").chain(css.match_indices("@import")) {
        let rest = css[at + word.len()..].trim_start_matches([' ', '"', '\'', '(']);
        let rest = rest.strip_prefix("url(").unwrap_or(rest).trim_start_matches(['"', '\'']);
        let Some(host) = origin(rest) else { continue };
        let end = rest.find([')', '"', '\'', ';']).unwrap_or(rest.len());
        if rest[..end].contains(".woff") || rest[..end].contains(".ttf") || rest[..end].contains(".otf") {
            policy.fonts.insert(host);
        } else if word == "@import" || rest[..end].contains("css") {
            fonts_behind(&host, policy);
            policy.styles.insert(host);
        }
    }
}

/// Where the fonts of a stylesheet's host are.
fn fonts_behind(host: &str, policy: &mut Policy) {
    let fonts = if host == "https://fonts.googleapis.com" { "https://fonts.gstatic.com" } else { host };
    policy.fonts.insert(fonts.to_owned());
}

/// Whether a text is the address of a window that is opened: no script asks it.
fn is_opened(tree: &Tree, node: Node<'_>) -> bool {
    let call = node.parent().filter(|parent| parent.kind() == "arguments").and_then(|list| list.parent());
    let path = call.and_then(|call| callee_path(tree, call)).unwrap_or_default();
    path.last().is_some_and(|last| last == "open") && path.len() <= 2
}

/// `asks`: what it asks for is asked by a browser.
fn code(file: &project::File, asks: bool, policy: &mut Policy) {
    // A page that is written by hand, into a window that is opened or into a frame, has the policy of the one that writes it.
    let writes = ["document.write(", "srcDoc=", ".srcdoc"].iter().any(|word| file.text.contains(word));
    if writes && ["<script", " onload=", " onclick="].iter().any(|word| file.text.contains(word)) {
        policy.doubt_scripts();
    }
    let words = [
        "https://",
        "http://",
        "wss://",
        "fetch",
        "axios",
        "WebSocket",
        "EventSource",
        "<iframe",
        "createElement",
    ];
    if !words.iter().any(|word| file.text.contains(word)) {
        return;
    }
    let Some((tree, _)) = file.syntax() else { return };
    let makes = |words: &[&str]| words.iter().any(|word| file.text.contains(word));
    if makes(&["createElement(\"script\")", "createElement('script')", "importScripts(", "new Worker("]) {
        policy.doubt_scripts();
    }
    policy.certain &= !makes(&["createElement(\"link\")", "createElement('link')"]);
    walk(tree.root(), &mut |node| {
        match node.kind() {
            // An address that is only followed by people is none that the app asks.
            "string" | "template_string"
                if asks
                    && names_host(tree.text(node))
                    && node.parent().is_some_and(|parent| {
                        matches!(
                            parent.kind(),
                            "arguments"
                                | "variable_declarator"
                                | "binary_expression"
                                | "public_field_definition"
                        )
                    }) =>
            {
                let parts = template_parts(tree, node);
                if let Some([TemplatePart::Text(first), ..]) = parts.as_deref()
                    && let Some(host) = origin(first)
                    && !is_opened(tree, node)
                {
                    policy.connections.insert(host);
                }
            }
            "call_expression" if asks => {
                let path = callee_path(tree, node).unwrap_or_default();
                let asks = matches!(path.first().map(|first| &**first), Some("fetch" | "axios"))
                    || path.join(".") == "window.fetch";
                if asks && let Some(address) = arguments(node).first() {
                    let address = unwrapped(*address);
                    let parts = template_parts(tree, address);
                    let known = matches!(parts.as_deref(), Some([TemplatePart::Text(first), ..]) if first.starts_with('/') || origin(first).is_some());
                    policy.certain &= known;
                }
            }
            "new_expression" if asks => {
                let made =
                    node.child_by_field_name("constructor").map_or("", |constructor| tree.text(constructor));
                policy.certain &= !matches!(made, "WebSocket" | "EventSource");
            }
            // An entry of a page's head: `links: [{ rel, href }]`, `scripts: [{ src }]`.
            "object" => {
                let of = |name: &str| value_of(tree, node, name).map(unwrapped);
                stylesheet(tree, of("rel"), of("href"), policy);
                if let Some(host) = of("src")
                    .filter(|_| is_listed(tree, node, "scripts"))
                    .and_then(|source| host(tree, source))
                {
                    policy.connections.insert(host.clone());
                    policy.scripts.insert(host);
                    policy.doubt_scripts();
                }
            }
            "jsx_self_closing_element" | "jsx_opening_element" => {
                let name = jsx_name(tree, node).unwrap_or_default();
                if name == "link" {
                    let attributes = jsx_attributes(tree, node);
                    let named = |name: &str| {
                        attributes
                            .iter()
                            .find(|(known, _, _)| *known == name)
                            .and_then(|(_, _, value)| *value)
                    };
                    stylesheet(tree, named("rel"), named("href"), policy);
                }
                if matches!(name, "script" | "Script") {
                    policy.doubt_scripts();
                }
                policy.certain &= !matches!(name, "iframe" | "embed" | "object");
            }
            _ => {}
        }
        true
    });
}

/// A stylesheet of another host, and the fonts behind it.
fn stylesheet<'t>(tree: &'t Tree, rel: Option<Node<'t>>, href: Option<Node<'t>>, policy: &mut Policy) {
    let is = rel.and_then(|rel| string_value(tree, rel)).is_some_and(|rel| rel.contains("stylesheet"));
    if is && let Some(host) = href.and_then(|href| host(tree, href)) {
        fonts_behind(&host, policy);
        policy.styles.insert(host);
    }
}

/// The host of an address that is written out, at least at its beginning.
fn host<'t>(tree: &'t Tree, address: Node<'t>) -> Option<String> {
    match template_parts(tree, address).as_deref() {
        Some([TemplatePart::Text(first), ..]) => origin(first),
        _ => None,
    }
}

/// Whether an object is an item of the list of that name.
fn is_listed(tree: &Tree, object: Node<'_>, name: &str) -> bool {
    let list = object.parent().filter(|list| list.kind() == "array");
    list.and_then(|list| list.parent()?.child_by_field_name("key"))
        .and_then(|key| key_name(tree, key))
        .is_some_and(|key| key == name)
}

/// Whether a literal begins as an address of a host does.
fn names_host(literal: &str) -> bool {
    literal.get(1..).is_some_and(|text| text.starts_with("http") || text.starts_with("wss"))
}

/// `https://host` of an address.
fn origin(address: &str) -> Option<String> {
    let scheme = ["https://", "wss://", "http://"].iter().find(|scheme| address.starts_with(**scheme))?;
    let host: String = address[scheme.len()..]
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':'))
        .collect();
    // Namespaces, and addresses that only people follow, are not told apart from those that are asked: one more source does no harm.
    let is_host = host.contains('.')
        && !host.ends_with('.')
        && !host.ends_with("w3.org")
        && !host.ends_with(".supabase.co");
    is_host.then(|| format!("{scheme}{host}"))
}
