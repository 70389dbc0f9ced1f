//! Who made the export: several tell-tales together, since none is in every export.

use crate::Builder;
use project::{File, Kind, Project};
use std::collections::BTreeMap;

/// Whether `address` is one from which builders load scripts into pages.
pub fn loads_from(address: &str) -> bool {
    ["cdn.gpteng.co", "cdn.lovable.dev"].iter().any(|host| address.contains(host))
}

/// Whether a tool of the builder loads the module by itself, apart from the app and from what else the app's server starts with: one
/// that tells other programs what the app can do for them.
pub fn loads_alone(file: &File) -> bool {
    file.module.imports.iter().any(|import| import.specifier == "@lovable.dev/mcp-js")
}

/// Reads the tell-tales. Confidence is that of independent signs: each leaves less doubt.
pub(crate) fn detect(project: &Project) -> Builder {
    let mut seen: BTreeMap<&'static str, Vec<(f64, String)>> = BTreeMap::new();
    let mut tell = |builder: &'static str, weight: f64, words: String| {
        let of_builder = seen.entry(builder).or_default();
        if !of_builder.iter().any(|(_, known)| *known == words) {
            of_builder.push((weight, words));
        }
    };
    for package in &project.packages {
        let place = project.get(package.manifest).path.as_str();
        match package.name.as_deref() {
            Some(name @ ("vite_react_shadcn_ts" | "tanstack_start_ts")) => {
                tell("lovable", 0.85, format!("{place}: the name `{name}`"))
            }
            Some(name @ ("vite-react-typescript-starter" | "bolt-expo-starter")) => {
                tell("bolt", 0.85, format!("{place}: the name `{name}`"))
            }
            Some("my-v0-project") => tell("v0", 0.95, format!("{place}: the name `my-v0-project`")),
            Some("my-project") if package.dependencies.contains_key("next") => {
                tell("v0", 0.3, format!("{place}: the name `my-project`"))
            }
            Some("nextjs") => tell("bolt", 0.3, format!("{place}: the name `nextjs`")),
            _ => {}
        }
        for name in package.dependencies.keys() {
            if name == "lovable-tagger" || name.starts_with("@lovable.dev/") {
                tell("lovable", 0.9, format!("{place}: the package `{name}`"));
            } else if name == "@next/swc-wasm-nodejs" {
                tell("bolt", 0.7, format!("{place}: the package `{name}`"));
            }
        }
        let scripts = package.json["scripts"].as_object().into_iter().flatten();
        if scripts
            .filter_map(|(_, script)| script.as_str())
            .any(|script| script.contains("EXPO_NO_TELEMETRY"))
        {
            tell("bolt", 0.5, format!("{place}: a script sets `EXPO_NO_TELEMETRY`"));
        }
    }
    for file in &project.files {
        for (builder, weight, words) in of_file(file) {
            tell(builder, weight, format!("{}: {words}", file.path));
        }
        let mut folders = file.path.folder().split('/');
        if folders.clone().any(|part| part == ".bolt") {
            tell("bolt", 0.95, "a `.bolt` folder".to_owned());
        }
        if folders.any(|part| part == ".lovable") {
            tell("lovable", 0.95, "a `.lovable` folder".to_owned());
        }
    }
    if !project.packages.is_empty() && project.apps.first().is_some_and(|app| app.folder == "project") {
        tell("bolt", 0.5, "the app lies in `project/`".to_owned());
    }
    let score = |tells: &[(f64, String)]| 1.0 - tells.iter().map(|(weight, _)| 1.0 - weight).product::<f64>();
    let scores: BTreeMap<_, _> = seen.iter().map(|(builder, tells)| (*builder, score(tells))).collect();
    let best = scores.iter().max_by(|one, other| one.1.total_cmp(other.1));
    match best {
        Some((id, score)) if *score >= 0.4 => {
            // What speaks for another builder is doubt about this one.
            let doubt = scores
                .iter()
                .filter(|(other, _)| *other != id)
                .map(|(_, score)| score * 0.3)
                .fold(0.0, f64::max);
            let mut tells = seen.remove(id).unwrap_or_default();
            tells.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
            let confidence = ((score - doubt).clamp(0.0, 0.99) * 100.0).round() / 100.0;
            Builder { id, tells: tells.into_iter().map(|(_, words)| words).collect(), confidence }
        }
        _ => Builder { id: "unknown", tells: Vec::new(), confidence: 0.0 },
    }
}

/// The signs that one file gives.
fn of_file(file: &File) -> Vec<(&'static str, f64, &'static str)> {
    let (text, name, path) = (&*file.text, file.path.name(), file.path.as_str());
    let mut tells = Vec::new();
    match file.kind {
        Kind::Html if name == "index.html" => {
            if loads_from(text) {
                tells.push(("lovable", 0.9, "the builder's script"));
            }
            if text.contains("lovable.dev") || text.contains("lovable.app") || text.contains("@Lovable") {
                tells.push(("lovable", 0.7, "the builder's image or name"));
            }
            if text.contains("bolt.new") {
                tells.push(("bolt", 0.7, "the builder's image or name"));
            }
        }
        Kind::Markdown if name.eq_ignore_ascii_case("readme.md") => {
            if text.contains("lovable.dev/projects") || text.contains("Lovable project") {
                tells.push(("lovable", 0.8, "the builder's text"));
            }
            if text.contains("bolt.new") || text.contains("StackBlitz") {
                tells.push(("bolt", 0.7, "names the builder"));
            }
            if text.contains("v0.dev") || text.contains("v0.app") {
                tells.push(("v0", 0.8, "names the builder"));
            }
        }
        Kind::Code(_) if name.starts_with("vite.config.") => {
            if text.contains("lovable") {
                tells.push(("lovable", 0.8, "the builder's plugin"));
            }
            if text.contains("optimizeDeps") && text.contains("exclude") && text.contains("lucide-react") {
                tells.push(("bolt", 0.6, "`optimizeDeps.exclude: ['lucide-react']`"));
            }
        }
        Kind::Code(_) if name.starts_with("next.config.") => {
            let silenced = text.contains("ignoreBuildErrors: true");
            if silenced && text.contains("unoptimized: true") {
                tells.push(("v0", 0.5, "`ignoreBuildErrors` and `images.unoptimized`"));
            }
        }
        Kind::Code(_) => {
            if path.ends_with("src/integrations/supabase/client.ts") {
                tells.push(("lovable", 0.6, "the generated client module"));
            }
            if name.starts_with("layout.")
                && text.contains("generator:")
                && (text.contains("v0.dev") || text.contains("v0.app"))
            {
                tells.push(("v0", 0.95, "`generator` names the builder"));
            }
            if text.contains("\"[v0] ") || text.contains("'[v0] ") {
                tells.push(("v0", 0.5, "logs as `[v0]`"));
            }
            if text.contains("/lovable-uploads/") {
                tells.push(("lovable", 0.7, "assets below `/lovable-uploads/`"));
            }
        }
        _ if path.ends_with("public/icon-light-32x32.png") => tells.push(("v0", 0.4, "the template's icon")),
        _ => {}
    }
    tells
}

/// Whether the bundler's configuration is a builder's own, which makes a server only where it is told to.
pub fn wraps_config(text: &str) -> bool {
    text.contains("@lovable.dev/vite-tanstack-config")
}
