//! The functions that a handler calls in the project, and what their code does: writes, asks past policies, validates.

use crate::component;
use edit::Span;
use project::Project;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::view;

/// `function` and the functions of the project that it calls, down to `depth`.
pub(super) fn functions(project: &Project, function: Span, depth: u8) -> Vec<Span> {
    let mut found = vec![function];
    let mut open = vec![(function, 0)];
    let mut seen = BTreeSet::from([function]);
    while let Some((next, level)) = open.pop() {
        if level >= depth || found.len() > 24 {
            continue;
        }
        let file = project.get(next.file);
        let Some((tree, _)) = file.syntax() else { continue };
        let Some(node) = tree.node_at(next.range()) else { continue };
        let end = next.start as usize + live(project, next).len();
        view::walk(node, &mut |inner| {
            if inner.kind() == "call_expression"
                && inner.start_byte() < end
                && let Some(callee) = view::callee(inner)
                && matches!(callee.kind(), "identifier" | "member_expression")
                && view::member_path(tree, callee).is_some_and(|path| path.len() <= 2)
                && let Some(called) = component::of(project, file, callee)
                && !next.covers(called)
                && seen.insert(called)
            {
                found.push(called);
                open.push((called, level + 1));
            }
            true
        });
    }
    found
}

/// Whether a function calls nothing: it answers always the same, as one that does not take the method.
pub(super) fn only_answers(project: &Project, function: Span) -> bool {
    let Some((tree, _)) = project.get(function.file).syntax() else { return false };
    let Some(node) = tree.node_at(function.range()) else { return false };
    let mut calls = false;
    view::walk(node, &mut |node| {
        let callee = node.child_by_field_name("function").filter(|_| node.kind() == "call_expression");
        calls |= callee.is_some_and(|callee| tree.text(callee) != "Response.json");
        !calls
    });
    !calls
}

/// Whether a function only lets the caller forget cookies of their own, or keep a mark or the time in one.
pub(super) fn only_forgets(project: &Project, function: Span) -> bool {
    let Some((tree, scopes)) = project.get(function.file).syntax() else { return false };
    let Some(node) = tree.node_at(function.range()) else { return false };
    let is_jar = |object: Node<'_>| {
        let declared = scopes.binding_at(object.byte_range()).map(|id| scopes.binding(id).range.clone());
        let declared = declared.and_then(|range| tree.source().get(range)).unwrap_or_default();
        tree.text(object).ends_with(".cookies") || declared.contains("cookies()")
    };
    let is_mark = |call: Node<'_>| {
        let arguments = view::arguments(call);
        let [name, value, ..] = arguments.as_slice() else { return false };
        // `isAdmin=true` is no mark: it opens something.
        let name = tree.text(*name).to_lowercase();
        let opens =
            ["auth", "session", "admin", "role", "token", "user", "log", "access", "premium", "plan", "pass"];
        let plain = value.kind() == "string" || tree.text(*value).starts_with("Date.now()");
        plain && !opens.iter().any(|word| name.contains(word))
    };
    let (mut forgets, mut else_called) = (false, false);
    view::walk(node, &mut |node| {
        let callee = node.child_by_field_name("function").filter(|_| node.kind() == "call_expression");
        let Some(callee) = callee else { return !else_called };
        let field = |name: &str| callee.child_by_field_name(name);
        let name = tree.text(callee);
        match (field("object"), field("property").map(|it| tree.text(it))) {
            (Some(object), Some("delete")) if is_jar(object) => forgets = true,
            (Some(object), Some("set")) if is_jar(object) && is_mark(node) => forgets = true,
            (Some(object), Some("get")) if is_jar(object) => {}
            _ if name.starts_with("console.") => {}
            _ if matches!(
                name,
                "cookies"
                    | "NextResponse.json"
                    | "Response.json"
                    | "NextResponse.redirect"
                    | "Date.now"
                    | "Date.now().toString"
            ) => {}
            _ => else_called = true,
        }
        !else_called
    });
    forgets && !else_called
}

/// Whether a handler hands the whole request on, headers and all, and does nothing else with it: whoever gets it judges it.
pub(super) fn hands_on(project: &Project, function: Span) -> bool {
    let spans = functions(project, function, 2);
    let texts = || spans.iter().map(|span| project.get(span.file).text.get(span.range()).unwrap_or_default());
    let has = |marks: &[&str]| texts().any(|text| marks.iter().any(|mark| text.contains(mark)));
    let headers = [
        "request.headers.forEach(",
        "req.headers.forEach(",
        "Headers(request.headers",
        "Headers(req.headers",
    ];
    // The caller's own credentials alone, under their own name.
    let own = || {
        let lower = |mark: &str| texts().any(|text| text.to_ascii_lowercase().contains(mark));
        (lower("headers.get(\"authorization\")") || lower("headers.get('authorization')"))
            && (lower("headers.set(\"authorization\", auth") || lower("headers.set('authorization', auth"))
    };
    let asks = [".from(", ".rpc(", "sql`", ".query(", "SERVICE_ROLE"];
    has(&["fetch("]) && (has(&headers) || own()) && has(&["request.method", "req.method"]) && !has(&asks)
}

/// What the code of a handler does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deeds {
    pub(super) writes: bool,
    pub(super) admin: bool,
    pub(super) validated: bool,
    /// It calls a service that costs money for each call.
    pub(super) pays: bool,
}

/// What a handler's own code and the functions that it calls do.
pub(super) fn deeds(project: &Project, function: Span) -> Deeds {
    let mut deeds = Deeds::default();
    for span in functions(project, function, 2) {
        let file = project.get(span.file);
        let text = &spoken(live(project, span));
        deeds.writes |= WRITES.iter().any(|mark| text.contains(mark)) || writes_sql(text);
        deeds.writes |= BLOBS.iter().any(|(package, calls)| {
            let imports = file.module.imports.iter().any(|import| import.specifier == *package);
            imports && calls.iter().any(|call| is_called(text, call))
        });
        deeds.validated |=
            [".parse(", "safeParse(", "parseAsync(", ".validate(", "zValidator("].iter().any(|mark| {
                text.match_indices(mark)
                    .any(|(at, _)| !text[..at].ends_with("JSON") && !text[..at].ends_with("Date"))
            });
        deeds.validated |= span == function && looks_itself(text);
        // An address that is computed says nothing; whose key goes along does.
        let by_key = text.contains("fetch(") && MODEL_KEYS.iter().any(|key| text.contains(key));
        deeds.pays |= by_key || PAYS.iter().any(|mark| text.contains(mark));
        deeds.admin |= is_admin(project, span);
    }
    deeds
}

/// Whether a text asks a function of the app whether what was sent is right, and refuses what is not.
fn looks_itself(text: &str) -> bool {
    let refuses = ["400", "422"].iter().any(|status| text.contains(status));
    let called = |mark: &str| {
        text.match_indices(mark).any(|(at, _)| {
            let rest = &text[at + mark.len()..];
            let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
            rest.starts_with(char::is_uppercase) && rest[end..].starts_with('(')
        })
    };
    refuses && (called("validate") || called("isValid"))
}

/// Whether a text calls a function by its bare name.
fn is_called(text: &str, name: &str) -> bool {
    let before = |at: usize| text[..at].chars().next_back();
    text.match_indices(&format!("{name}("))
        .any(|(at, _)| before(at).is_none_or(|letter| !letter.is_alphanumeric() && !"._".contains(letter)))
}

/// Stores of files that are written by functions with plain names.
const BLOBS: &[(&str, &[&str])] =
    &[("@vercel/blob", &["put", "del", "copy"]), ("@vercel/blob/client", &["handleUpload"])];

/// The text of a function, as far as it runs: what stands behind a `return` of its own body does not.
fn live(project: &Project, function: Span) -> &str {
    let file = project.get(function.file);
    let all = file.text.get(function.range()).unwrap_or_default();
    let ends = || {
        let (tree, _) = file.syntax()?;
        let body = tree.node_at(function.range())?.child_by_field_name("body")?;
        let mut statements = view::code_children(body).filter(|_| body.kind() == "statement_block");
        let last = statements.find(|it| matches!(it.kind(), "return_statement" | "throw_statement"))?;
        let before = file.text.get(function.start as usize..last.end_byte())?;
        // A function that is declared behind it may be called before.
        let called = statements
            .filter_map(|it| it.child_by_field_name("name"))
            .any(|name| is_called(before, tree.text(name)));
        (!called).then_some(before)
    };
    ends().unwrap_or(all)
}

/// The text without the lines that are comments: what a real app would do there is not done.
fn spoken(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a function asks with the service-role key: named in it, or in the module of a client that it uses.
fn is_admin(project: &Project, function: Span) -> bool {
    let file = project.get(function.file);
    let text = live(project, function);
    if names_key(text) {
        return true;
    }
    let uses = |name: &str| text.contains(name);
    let from_module = project.graph.links[file.id.0 as usize].iter().any(|link| {
        let import = &file.module.imports[link.import];
        let target = project.get(link.target);
        !import.type_only
            && names_key(&target.text)
            && target.text.contains("createClient")
            && import.names.iter().any(|name| {
                let admin = crate::identity::words(&name.local)
                    .iter()
                    .any(|word| matches!(word.as_str(), "admin" | "service" | "privileged"));
                // A module with both clients says by the name which is which.
                uses(&name.local)
                    && (admin || !target.text.contains("ANON") && !target.text.contains("PUBLISHABLE"))
            })
    });
    if from_module {
        return true;
    }
    // A client at the top of this file.
    let Some((tree, scopes)) = file.syntax() else { return false };
    scopes.bindings.iter().filter(|binding| binding.top_level && uses(&binding.name)).any(|binding| {
        let declared = tree.source().get(binding.range.clone()).unwrap_or_default();
        let outside = !function.range().contains(&binding.range.start);
        let client = declared.contains("createClient(")
            && (names_key(declared) || named_keys(tree.source(), declared));
        // The key itself, for a client that the function makes.
        let key = names_key(declared)
            && !crate::component::is_function(tree.node_at(binding.range.clone()).unwrap_or(tree.root()));
        outside && (client || key && text.contains("createClient("))
    })
}

fn names_key(text: &str) -> bool {
    ["SERVICE_ROLE", "SUPABASE_SECRET", "SERVICE_KEY"].iter().any(|mark| text.contains(mark))
}

/// `createClient(url, key)` where the file says that `key` is the service role's.
fn named_keys(source: &str, declared: &str) -> bool {
    let key = declared.split(',').nth(1).map(|key| key.trim().trim_end_matches([')', ';', '!', ' ']));
    key.filter(|key| key.len() > 2 && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
        .is_some_and(|key| {
            source
                .match_indices(&format!("{key} ="))
                .any(|(at, _)| source[at..].lines().take(2).any(names_key))
        })
}

const WRITES: &[&str] = &[
    ".insert(",
    ".update(",
    ".upsert(",
    ".delete(",
    ".create(",
    ".save(",
    ".updateOne(",
    ".deleteOne(",
    ".insertOne(",
    ".findByIdAndUpdate(",
    ".findByIdAndDelete(",
    ".findOneAndUpdate(",
    ".destroy(",
    ".createMany(",
    ".updateMany(",
    ".deleteMany(",
    ".upload(",
    ".remove(",
    "sendMail(",
    "emails.send(",
    ".setDoc(",
    "setDoc(",
    "addDoc(",
    "updateDoc(",
    "deleteDoc(",
    "admin.createUser",
    "admin.deleteUser",
    "createSignedUploadUrl",
    "refunds.create",
];

const PAYS: &[&str] = &[
    "streamText(",
    "generateText(",
    "generateObject(",
    "api.openai.com",
    "ai.gateway",
    "generativelanguage.googleapis",
    "api.anthropic.com",
    "chat.completions",
    "messages.create(",
    "images.generate(",
    "api.resend.com",
    "emails.send(",
    "sendMail(",
    "api.replicate.com",
    "api.stability.ai",
    "api.elevenlabs.io",
    "api.twilio.com",
    "sendgrid",
    "api.groq.com",
    "fal.run",
    "openrouter.ai",
    "api.firecrawl.dev",
    "api.perplexity.ai",
    "api.tavily.com",
    "api.deepgram.com",
    "api.assemblyai.com",
];

/// Variables that hold the key of a model's provider.
const MODEL_KEYS: &[&str] = &[
    "OPENAI_API_KEY",
    "LOVABLE_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "DEEPSEEK_API_KEY",
    "OPENROUTER_API_KEY",
];

/// SQL text that changes rows.
fn writes_sql(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["INSERT INTO", "DELETE FROM", "UPDATE "].iter().any(|mark| {
        upper.match_indices(mark).any(|(at, _)| {
            *mark != "UPDATE " || upper[at..].chars().take(120).collect::<String>().contains(" SET ")
        })
    })
}
