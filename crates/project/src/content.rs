//! What a file is by its name and bytes: its kind, whether its text is taken, and which folders are build output.

use crate::{Kind, Skipped};
use edit::RelPath;
use syntax::Language;

/// The largest file whose content is taken.
pub(crate) const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

/// Content, as far as it is looked at.
pub(crate) enum Content {
    Text(String),
    Skipped(Skipped),
    /// A `.gitignore` in another encoding than UTF-8, each byte as a character.
    Rules(String),
    Binary,
}

/// The kind by name alone. What has no telling name is [`Kind::Text`] until its bytes say otherwise.
pub(crate) fn kind(path: &RelPath) -> Kind {
    let name = path.name();
    if is_env_file(name) {
        return Kind::Env;
    }
    // An editor keeps past versions of files there: no part of the app, but whatever stood in them can be read.
    let past = path.folder().split('/').any(|part| part == ".history");
    if past && kind_of(path) != Kind::Binary {
        return Kind::Text;
    }
    kind_of(path)
}

fn kind_of(path: &RelPath) -> Kind {
    let name = path.name();
    let extension = path.extension().to_ascii_lowercase();
    if let Some(language) = Language::of_extension(&extension) {
        return Kind::Code(language);
    }
    match extension.as_str() {
        "json" | "jsonc" | "json5" | "webmanifest" => Kind::Json,
        "toml" => Kind::Toml,
        "yaml" | "yml" => Kind::Yaml,
        "sql" => Kind::Sql,
        "html" | "htm" => Kind::Html,
        "css" | "scss" | "sass" | "less" | "pcss" => Kind::Css,
        "md" | "mdx" | "markdown" => Kind::Markdown,
        // `bun.lock` is JSON with comments.
        _ if name == "bun.lock" || matches!(name, ".prettierrc" | ".eslintrc" | ".babelrc") => Kind::Json,
        _ if BINARY.contains(&extension.as_str()) => Kind::Binary,
        _ => Kind::Text,
    }
}

const BINARY: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "icns", "bmp", "tiff", "psd", "woff", "woff2", "ttf",
    "otf", "eot", "mp3", "mp4", "m4a", "wav", "ogg", "webm", "mov", "avi", "mkv", "flac", "pdf", "zip", "gz",
    "tgz", "bz2", "xz", "7z", "rar", "tar", "jar", "apk", "exe", "dll", "so", "dylib", "bin", "wasm", "node",
    "class", "pyc", "sqlite", "sqlite3", "db", "lockb", "glb", "gltf", "fbx", "docx", "xlsx", "pptx", "doc",
    "xls", "ppt", "keystore", "jks", "p12", "pfx", "ds_store",
];

/// `.env`, `.env.local`, `.env-old`, `prod.env`, `.dev.vars`.
pub(crate) fn is_env_file(name: &str) -> bool {
    let rest = name.strip_prefix(".env");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
        || name.starts_with(".dev.vars")
        || (name.ends_with(".env") && name != ".env")
        || matches!(name, "env.example" | "env.sample" | "env.template" | ".envrc")
}

/// What is taken of `bytes`.
pub(crate) fn content(path: &RelPath, kind: Kind, bytes: Vec<u8>) -> Content {
    if kind == Kind::Binary {
        return Content::Binary;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Content::Skipped(Skipped::Encoding);
    }
    // A known extension with odd bytes is a text in another encoding; an unknown one is most likely no text.
    let known = kind != Kind::Text || path.extension() == "txt";
    let odd = if known { Content::Skipped(Skipped::Encoding) } else { Content::Binary };
    // Lines in UTF-16 behind others, as a shell's `>>` may leave them: git reads the others all the same.
    if path.name() == ".gitignore" && (bytes.contains(&0) || std::str::from_utf8(&bytes).is_err()) {
        return Content::Rules(latin1(&bytes));
    }
    if bytes.contains(&0) {
        return odd;
    }
    match String::from_utf8(bytes) {
        Ok(text) if is_bundle(path, kind, &text) => Content::Skipped(Skipped::BuildOutput),
        Ok(text) => Content::Text(text),
        Err(_) => odd,
    }
}

/// Every byte as the character of its number.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Minified or bundled script or style: by name, by the bundler's mark, or by lines that nobody writes.
fn is_bundle(path: &RelPath, kind: Kind, text: &str) -> bool {
    let script = kind == Kind::Code(Language::JavaScript) && path.extension() != "jsx";
    if !script && kind != Kind::Css {
        return false;
    }
    let name = path.name();
    if name.contains(".min.")
        || name.contains(".config.ts.timestamp-")
        || name.contains(".config.js.timestamp-")
    {
        return true;
    }
    if script && (text.starts_with("/******/") || text.contains("// webpackBootstrap")) {
        return true;
    }
    // What a bundler puts before modules that it joins, in a file of a length that nobody writes.
    let joined =
        |text: &str| text.lines().take(20).any(|line| line.contains("__defProp = Object.defineProperty"));
    if script && text.len() > 100_000 && joined(text) {
        return true;
    }
    let lines = text.lines().count().max(1);
    let longest = text.lines().map(str::len).max().unwrap_or(0);
    text.len() > 10_000 && text.len() / lines > 250 && longest > 2_000
}

/// Folders that only tools write.
const OUTPUT: &[&str] = &[
    "node_modules",
    ".next",
    ".output",
    ".vercel",
    ".netlify",
    "coverage",
    ".vite",
    ".turbo",
    ".expo",
    ".nitro",
    ".tanstack",
    ".wrangler",
    ".venv",
    "site-packages",
    "storybook-static",
];

/// Whether a folder of this name may be build output, so that [`is_output`] has to look at what is in it.
pub(crate) fn may_be_output(name: &str) -> bool {
    OUTPUT.contains(&name) || matches!(name, "dist" | "build" | "out")
}

/// Whether `folder` is build output. `inside` are some paths below it, relative to it.
pub(crate) fn is_output<'a>(folder: &RelPath, inside: impl Iterator<Item = &'a str>) -> bool {
    let name = folder.name();
    if OUTPUT.contains(&name) {
        return true;
    }
    // `public/dist` is served as it stands; its minified files are passed over one by one.
    if !may_be_output(name) || folder.folder().split('/').any(|part| part == "public" || part == "static") {
        return false;
    }
    let (mut sources, mut bundles) = (false, false);
    for path in inside {
        let file = path.rsplit('/').next().unwrap_or(path);
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
        let declarations = file.ends_with(".d.ts");
        sources |= !declarations && matches!(extension, "ts" | "tsx" | "jsx" | "vue" | "svelte");
        bundles |= declarations
            || extension == "map"
            || file.contains(".min.")
            || path.starts_with("_next/")
            || path.starts_with("static/js/")
            || has_content_hash(file, extension);
    }
    // `dist` is output unless it plainly holds sources; `build` and `out` are also the names of folders that people make.
    bundles || (name == "dist" && !sources)
}

/// `index-BxK3f9aQ.js`, `main.8f3ab21c.css`.
fn has_content_hash(file: &str, extension: &str) -> bool {
    if !matches!(extension, "js" | "css" | "mjs") {
        return false;
    }
    let stem = &file[..file.len() - extension.len() - 1];
    let hash = |separator: char| {
        let tail = stem.rsplit_once(separator).map_or("", |(_, tail)| tail);
        (8..=20).contains(&tail.len())
            && tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && (tail.bytes().any(|byte| byte.is_ascii_digit())
                || tail.bytes().skip(1).any(|byte| byte.is_ascii_uppercase()))
            && tail.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    hash('-') || hash('.')
}
