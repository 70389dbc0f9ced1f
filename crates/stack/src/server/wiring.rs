//! How an app comes to know the server beside it: its bundler's configuration, edited in place with comments kept.

use super::worker;
use edit::{Edit, FileId, Piece};
use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::view::{arguments, code_children, pairs, unwrapped, value_of, walk};

/// What an app needs to run with its server in development, and to be built with it.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// Edits of the bundler's configuration.
    pub edits: Vec<Edit>,
    /// Imports that the edits need: file, module, what, local name.
    pub imports: Vec<(FileId, &'static str, Imported, &'static str)>,
    /// `dependencies`: name and range.
    pub dependencies: Vec<(&'static str, &'static str)>,
    /// `devDependencies`: name and range.
    pub dev_dependencies: Vec<(&'static str, &'static str)>,
    /// What builds the pages where the app has no script for it.
    pub page_build: &'static str,
    /// What follows the app's own build, on one command line.
    pub build: String,
    /// What starts the built server.
    pub start: String,
    /// The folder of the built pages, seen from the app.
    pub pages: String,
    /// The folders that a build makes: for lists of ignored files.
    pub ignored: Vec<&'static str>,
    /// The versions of Node that the server runs on, and the one to take.
    pub node: (&'static str, &'static str),
    /// The port of the development server, where the configuration names none.
    pub port: u16,
    /// Packages whose version must stay what it was resolved to.
    pub pinned: Vec<&'static str>,
    /// A module that only carried the session to the server, and goes.
    pub removed: Option<FileId>,
    /// The module that every call passes through, seen from the app, where the app has none yet.
    pub entry: Option<&'static str>,
    /// How the scripts of its pages come to carry a nonce, where they can.
    pub nonce: Option<Nonce>,
}

/// The scripts of a page carry a word that is made for this page alone, so that browsers know them from others.
#[derive(Clone, Debug)]
pub struct Nonce {
    /// Hands it to what draws the pages.
    pub edit: Edit,
    /// The import that the edit needs: file, module, what, local name.
    pub import: (FileId, &'static str, Imported, &'static str),
}

/// The bundler's configuration as it must be for the server at `entry`; else what stands against it, and the lines to add, for people.
pub(super) fn configured(file: &File, entry: &str, major: u32) -> Result<(Vec<Edit>, String), String> {
    let by_hand = || {
        format!(
            "`{}` has a shape that is not edited. Add `devServer({{ entry: \"{entry}\", exclude: [/^(?!\\/api(\\/|$))/], injectClientScript: false }})` of `@hono/vite-dev-server` to its plugins, `build.copyPublicDir: !isSsrBuild`, and `ssr.noExternal: isSsrBuild || undefined`, then run again.",
            file.path
        )
    };
    let (tree, _) = file.syntax().ok_or_else(by_hand)?;
    let config = exported(tree).ok_or_else(by_hand)?;
    if !tree.sound(config.object) {
        return Err(by_hand());
    }
    if let Some(server) = value_of(tree, config.object, "server").map(unwrapped)
        && let Some(proxy) = value_of(tree, server, "proxy").map(unwrapped)
        && pairs(tree, proxy).iter().any(|(path, _, _)| path.starts_with("/api"))
    {
        return Err(format!(
            "`{}` sends `/api` to another server, and the server of the app answers there. Give the other one another path, then run again.",
            file.path
        ));
    }
    if value_of(tree, config.object, "root").is_some() {
        return Err(format!(
            "`{}` names another root for the pages. Move the pages to the app's folder, then run again.",
            file.path
        ));
    }
    let ssr = if major < 5 { "ssrBuild" } else { "isSsrBuild" };
    let mut edits = Vec::new();
    let object = Object { file, node: config.object };
    let plugins = value_of(tree, config.object, "plugins").map(unwrapped).ok_or_else(by_hand)?;
    let list = plugin_list(tree, plugins).ok_or_else(by_hand)?;
    let plugin = format!(
        "devServer({{ entry: \"{entry}\", exclude: [/^(?!\\/api(\\/|$))/], injectClientScript: false }})"
    );
    edits.push(added_plugin(file, tree, list, &object.quoted(&plugin)).ok_or_else(by_hand)?);
    let mut front = String::new();
    match value_of(tree, config.object, "build").map(unwrapped) {
        Some(build) if build.kind() == "object" => {
            if value_of(tree, build, "copyPublicDir").is_none() {
                edits.push(object.first(build, &format!("copyPublicDir: !{ssr}")));
            }
            // The name of the server's file is not one of the pages' scripts.
            let output = ["rollupOptions", "output"]
                .iter()
                .try_fold(build, |object, key| value_of(tree, object, key).map(unwrapped));
            let named = output.and_then(|output| value_of(tree, output, "entryFileNames"));
            edits.extend(named.map(|name| {
                let at = file.span(name.start_byte()..name.start_byte());
                Edit::replace(at, object.quoted(&format!("{ssr} ? \"[name].js\" : ")))
            }));
        }
        Some(_) => return Err(by_hand()),
        None => front += &format!("build: {{ copyPublicDir: !{ssr} }},\n"),
    }
    match value_of(tree, config.object, "ssr").map(unwrapped) {
        Some(inner) if inner.kind() == "object" => {
            if value_of(tree, inner, "noExternal").is_none() {
                edits.push(object.first(inner, &format!("noExternal: {ssr} || undefined")));
            }
        }
        Some(_) => return Err(by_hand()),
        None => {
            front += "// The server build is one folder that runs without node_modules.\n";
            front += &format!("ssr: {{ noExternal: {ssr} || undefined }},\n");
        }
    }
    edits.extend(worker::edits(&object, tree, list));
    edits.extend(logging(&object, tree, ssr));
    edits.extend(object.before_first(&front));
    edits.extend(config.opened(file, ssr, &object).ok_or_else(by_hand)?);
    let pages = value_of(tree, config.object, "build")
        .and_then(|build| value_of(tree, unwrapped(build), "outDir"))
        .map_or(Some("dist".to_owned()), |folder| {
            syntax::view::string_value(tree, folder).map(|folder| folder.into_owned())
        });
    let pages = pages.ok_or_else(by_hand)?;
    Ok((edits, pages.trim_start_matches("./").trim_end_matches('/').to_owned()))
}

/// What takes the console out of the pages leaves it to the server: its log is all that is known of it.
fn logging(object: &Object<'_>, tree: &Tree, ssr: &str) -> Vec<Edit> {
    let of = |path: &[&str]| {
        path.iter().try_fold(object.node, |object, key| value_of(tree, object, key).map(unwrapped))
    };
    let terser = of(&["build", "terserOptions"]).and(of(&["build", "minify"]));
    let kept = [(terser, "false"), (of(&["esbuild", "drop"]), "[]"), (of(&["esbuild", "pure"]), "[]")];
    let edit = |(node, instead): (Option<Node<'_>>, &str)| {
        let at = node?.start_byte();
        Some(Edit::replace(object.file.span(at..at), format!("{ssr} ? {instead} : ")))
    };
    kept.into_iter().filter_map(edit).collect()
}

/// What `export default defineConfig(...)` holds.
struct Config<'t> {
    /// The argument of `defineConfig`.
    argument: Node<'t>,
    /// The function around the object, if it is one.
    function: Option<Node<'t>>,
    object: Node<'t>,
}

fn exported(tree: &Tree) -> Option<Config<'_>> {
    let mut found = None;
    walk(tree.root(), &mut |node| {
        if node.kind() == "call_expression"
            && node.child_by_field_name("function").is_some_and(|callee| tree.text(callee) == "defineConfig")
            && node.parent().is_some_and(|parent| parent.kind() == "export_statement")
        {
            found = arguments(node).first().copied();
        }
        found.is_none()
    });
    let argument = found?;
    let value = unwrapped(argument);
    match value.kind() {
        "object" => Some(Config { argument, function: None, object: value }),
        "arrow_function" => {
            let body = value.child_by_field_name("body")?;
            let object = if body.kind() == "statement_block" {
                let last = code_children(body).last().filter(|last| last.kind() == "return_statement")?;
                unwrapped(code_children(last).next()?)
            } else {
                unwrapped(body)
            };
            (object.kind() == "object").then_some(Config { argument, function: Some(value), object })
        }
        _ => None,
    }
}

impl Config<'_> {
    /// The function that the configuration becomes, with the environment loaded before the object is returned.
    fn opened(&self, file: &File, ssr: &str, object: &Object<'_>) -> Option<Vec<Edit>> {
        let unit = object.unit();
        let semicolon = if file.text.contains(';') { ";" } else { "" };
        let load = |mode: &str| {
            format!(
                "{unit}// The server part reads process.env; in development its values come from .env and .env.local.\n{unit}Object.assign(process.env, {{ ...loadEnv({mode}, process.cwd(), \"\"), ...process.env }}){semicolon}\n"
            )
        };
        let load = |mode: &str| object.quoted(&load(mode));
        let span = file.span(self.object.byte_range());
        let moved = |indent: &str| Piece::Indented { span, indent: indent.to_owned(), verbatim: Vec::new() };
        let Some(function) = self.function else {
            let replacement = vec![
                Piece::text(format!("({{ mode, {ssr} }}) => {{\n{}{unit}return ", load("mode"))),
                moved(&unit),
                Piece::text(format!("{semicolon}\n}}")),
            ];
            return Some(vec![Edit { span: file.span(self.argument.byte_range()), replacement }]);
        };
        let mut edits = Vec::new();
        let parameters = function
            .child_by_field_name("parameters")
            .or_else(|| function.child_by_field_name("parameter"))?;
        let first = code_children(parameters).next();
        match first {
            None if parameters.kind() == "formal_parameters" => {
                edits.push(Edit::replace(file.span(parameters.byte_range()), format!("({{ mode, {ssr} }})")));
            }
            Some(parameter) => {
                let pattern = parameter.child_by_field_name("pattern").unwrap_or(parameter);
                if pattern.kind() != "object_pattern" {
                    return None;
                }
                let names: Vec<&str> =
                    code_children(pattern).map(|name| &file.text[name.byte_range()]).collect();
                let missing: Vec<&str> =
                    ["mode", ssr].into_iter().filter(|name| !names.contains(name)).collect();
                let last = code_children(pattern).last();
                if let (Some(last), false) = (last, missing.is_empty()) {
                    let end = file.span(last.end_byte()..last.end_byte());
                    edits.push(Edit::replace(end, format!(", {}", missing.join(", "))));
                }
            }
            _ => return None,
        }
        let body = function.child_by_field_name("body")?;
        if body.kind() == "statement_block" {
            let first = code_children(body).next()?;
            let line = file.text[..first.start_byte()].rfind('\n').map_or(0, |at| at + 1);
            // What loads the environment already does so for the server too.
            if !file.text.contains("Object.assign(process.env") {
                edits.push(Edit::replace(file.span(line..line), load("mode")));
            }
            return Some(edits);
        }
        let replacement = vec![
            Piece::text(format!("{{\n{}{unit}return ", load("mode"))),
            moved(&unit),
            Piece::text(format!("{semicolon}\n}}")),
        ];
        edits.push(Edit { span: file.span(body.byte_range()), replacement });
        Some(edits)
    }
}

/// The object of the configuration, in its file's style.
pub(super) struct Object<'t> {
    pub(super) file: &'t File,
    node: Node<'t>,
}

impl Object<'_> {
    /// One level of indentation.
    fn unit(&self) -> String {
        let text = &self.file.text;
        let first = code_children(self.node).next();
        let own = first.map(|first| line_indent(text, first.start_byte())).unwrap_or_default();
        let outer = line_indent(text, self.node.start_byte());
        own.strip_prefix(outer).filter(|unit| !unit.is_empty()).unwrap_or("  ").to_owned()
    }

    /// Code of ours with the quotes of the file.
    fn quoted(&self, code: &str) -> String {
        let single = self.file.text.matches('\'').count() > self.file.text.matches('"').count();
        if single { code.replace('"', "'") } else { code.to_owned() }
    }

    /// A pair before the first one of an inner object.
    pub(super) fn first(&self, inner: Node<'_>, pair: &str) -> Edit {
        let Some(member) = code_children(inner).next() else {
            return Edit::replace(self.file.span(inner.byte_range()), format!("{{ {pair} }}"));
        };
        let at = member.start_byte();
        let indent = line_indent(&self.file.text, at);
        let between = &self.file.text[inner.start_byte()..at];
        let separator = if between.contains('\n') { format!(",\n{indent}") } else { ", ".to_owned() };
        Edit::replace(self.file.span(at..at), format!("{pair}{separator}"))
    }

    /// Lines before the first pair of the object.
    fn before_first(&self, lines: &str) -> Option<Edit> {
        if lines.is_empty() {
            return None;
        }
        let first = code_children(self.node).next()?;
        let at = self.node.start_byte() + 1;
        let text = &self.file.text;
        let lines = if text[at..first.start_byte()].contains('\n') {
            let indent = line_indent(text, first.start_byte());
            lines.lines().map(|line| format!("\n{indent}{line}")).collect::<String>()
        } else {
            lines.lines().filter(|line| !line.starts_with("//")).map(|line| format!(" {line}")).collect()
        };
        Some(Edit::replace(self.file.span(at..at), lines))
    }
}

/// `[...]`, or `[...].filter(Boolean)`.
fn plugin_list<'t>(tree: &'t Tree, plugins: Node<'t>) -> Option<Node<'t>> {
    if plugins.kind() == "array" {
        return Some(plugins);
    }
    let callee = plugins.child_by_field_name("function")?;
    let list = unwrapped(callee.child_by_field_name("object")?);
    let is_filter = callee.child_by_field_name("property").is_some_and(|name| tree.text(name) == "filter");
    (is_filter && list.kind() == "array").then_some(list)
}

/// The plugin behind the first one: the framework's own stays in front.
fn added_plugin(file: &File, tree: &Tree, list: Node<'_>, plugin: &str) -> Option<Edit> {
    if tree.text(list).contains("devServer(") {
        return None;
    }
    let Some(first) = code_children(list).next() else {
        return Some(Edit::replace(file.span(list.byte_range()), format!("[{plugin}]")));
    };
    let end: Range<usize> = first.end_byte()..first.end_byte();
    let many = file.text[list.start_byte()..first.start_byte()].contains('\n');
    let separator =
        if many { format!(",\n{}", line_indent(&file.text, first.start_byte())) } else { ", ".to_owned() };
    Some(Edit::replace(file.span(end), format!("{separator}{plugin}")))
}

fn line_indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}
