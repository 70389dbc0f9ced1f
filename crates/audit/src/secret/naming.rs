//! The variable that each value should live in: one name per value, unique over the tree, and the name that the app already uses
//! where it has one.

use super::{Place, Secret, kind_of};
use crate::Confidence;
use crate::env::{EnvName, screaming, without_public_prefix, words};
use project::Project;
use regex::Regex;
use stack::Side;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static API_HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"https://(?:[a-z0-9-]+\.)*?(?:api\.)?([a-z0-9-]+)\.(?:com|org|io|net|ai|dev|co|app)/(?:api|v?\d)",
    )
    .expect("the pattern compiles")
});

/// Names of one purpose: the first that the app already knows is kept.
const SAME_PURPOSE: &[(&str, &[&str])] = &[
    (
        "supabase-anon-key",
        &[
            "SUPABASE_PUBLISHABLE_KEY",
            "SUPABASE_ANON_KEY",
            "SUPABASE_KEY",
            "SUPABASE_PUBLIC_KEY",
            "SUPABASE_PUBLISHABLE_DEFAULT_KEY",
        ],
    ),
    (
        "supabase-publishable-key",
        &[
            "SUPABASE_PUBLISHABLE_KEY",
            "SUPABASE_ANON_KEY",
            "SUPABASE_KEY",
            "SUPABASE_PUBLIC_KEY",
            "SUPABASE_PUBLISHABLE_DEFAULT_KEY",
        ],
    ),
    ("supabase-url", &["SUPABASE_URL", "SUPABASE_PROJECT_URL"]),
    (
        "supabase-service-role-key",
        &["SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_KEY", "SUPABASE_SECRET_KEY", "SERVICE_ROLE_KEY"],
    ),
    ("openai-api-key", &["OPENAI_API_KEY", "OPENAI_KEY"]),
    (
        "gemini-api-key",
        &["GEMINI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_AI_API_KEY"],
    ),
    ("database-url", &["DATABASE_URL", "POSTGRES_URL", "MONGODB_URI", "MONGO_URI", "REDIS_URL"]),
];

/// Settles what the files alone could not: Google keys by their other places, and the target name of every value.
pub(crate) fn name_all(project: &Project, secrets: &mut [Secret], env: &[EnvName]) {
    settle_google_keys(secrets);
    let mut order: Vec<&str> = Vec::new();
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, secret) in secrets.iter().enumerate() {
        places.entry(&secret.value).or_default().push(at);
        if places[secret.value.as_str()].len() == 1 {
            order.push(&secret.value);
        }
    }
    // Names that env files and reads gave are settled first: the others make way. A public value that stands under a name which
    // nothing reads makes no claim to it.
    // Address and key of one backend go together: a name is idle if no name of that backend is read.
    let unread = |name: &str| {
        let service = |name: &str| without_public_prefix(name).split('_').next().map(str::to_owned);
        let own = env.iter().filter(|known| service(&known.name) == service(name));
        own.clone().any(|known| known.name == name) && own.clone().all(|known| known.reads.is_empty())
    };
    let idle = |indices: &[usize]| {
        let idle = |secret: &Secret| {
            let named = secret.named.as_deref().unwrap_or_default();
            secret.place == Place::EnvFile && secret.public_by_design && unread(named)
        };
        indices.iter().all(|at| idle(&secrets[*at]))
    };
    let given = |indices: &[usize]| {
        let of = |secret: &Secret| match secret.place {
            Place::EnvFile => secret.named.clone(),
            _ => read_around(secret, env),
        };
        indices.iter().find_map(|at| of(&secrets[*at])).map(|name| without_public_prefix(&name).to_owned())
    };
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let mut names: Vec<(Vec<usize>, String)> = Vec::new();
    let mut unnamed = Vec::new();
    for value in order {
        match given(&places[value]) {
            Some(name) => {
                if !idle(&places[value]) {
                    taken.entry(name.clone()).or_insert(value);
                }
                names.push((places[value].clone(), name));
            }
            None => unnamed.push(value),
        }
    }
    for value in unnamed {
        let wanted = wanted(project, &secrets[places[value][0]], env);
        let mut name = wanted.clone();
        let mut number = 2;
        // Where no code that runs holds it, the app's own variable is meant.
        let runs = |at: &usize| secrets[*at].side != Side::None && secrets[*at].literal.is_some();
        let runs = places[value].iter().any(runs) || !env.iter().any(|known| known.name == wanted);
        while runs && taken.get(&name).is_some_and(|other| *other != value) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        taken.entry(name.clone()).or_insert(value);
        names.push((places[value].clone(), name));
    }
    for (indices, name) in names {
        for at in indices {
            secrets[at].env_name.clone_from(&name);
        }
    }
}

/// An unclear Google key is what the same key is elsewhere.
fn settle_google_keys(secrets: &mut [Secret]) {
    let clear: BTreeMap<String, (String, bool)> = secrets
        .iter()
        .filter(|secret| secret.confidence != Confidence::Possible && secret.value.starts_with("AIza"))
        .map(|secret| (secret.value.clone(), (secret.kind.clone(), secret.public_by_design)))
        .collect();
    for secret in secrets.iter_mut().filter(|secret| secret.kind == "google-api-key") {
        if let Some((kind, public)) = clear.get(&secret.value) {
            secret.kind.clone_from(kind);
            secret.public_by_design = *public;
            secret.confidence = Confidence::Likely;
        }
    }
}

/// The variable whose read the value stands behind.
fn read_around(secret: &Secret, env: &[EnvName]) -> Option<String> {
    let around = env.iter().flat_map(|name| name.reads.iter().map(move |read| (name, read)));
    let around = around.filter(|(_, read)| read.whole.covers(secret.span));
    around.min_by_key(|(_, read)| read.span.start).map(|(name, _)| name.name.clone())
}

/// The name a value would have if nobody else wanted it.
fn wanted(project: &Project, secret: &Secret, env: &[EnvName]) -> String {
    let same = SAME_PURPOSE.iter().find(|(kind, _)| *kind == secret.kind).map_or(&[][..], |(_, names)| names);
    let known = |name: &&&str| env.iter().any(|known| without_public_prefix(&known.name) == **name);
    if let Some(name) = same.iter().find(known) {
        return (*name).to_owned();
    }
    let kind = kind_of(&secret.kind);
    let own = secret
        .named
        .as_deref()
        .map(|name| screaming(without_public_prefix(&screaming(name))))
        .unwrap_or_default();
    let shaped = !matches!(
        secret.kind.as_str(),
        "api-key"
            | "access-token"
            | "signing-secret"
            | "password-literal"
            | "generic-secret"
            | "jwt"
            | "publishable-key"
    );
    let plain =
        !own.is_empty() && own.is_ascii() && !own.starts_with(|character: char| character.is_ascii_digit());
    if shaped || !plain {
        return match &secret.owner {
            Some(owner) if !shaped && specific(&screaming(owner)) => {
                format!("{}_{}", screaming(owner), kind.env)
            }
            _ => kind.env.clone(),
        };
    }
    if specific(&own) {
        return if own.len() > 60 { kind.env.clone() } else { own };
    }
    // `apiKey`, `token`, `password` alone say too little: who has them?
    let stem = project.get(secret.span.file).path.name().split('.').next().unwrap_or_default();
    let service = (secret.kind != "password-literal").then(|| service_near(project, secret)).flatten();
    let owner = secret.owner.as_deref().map(screaming).filter(|owner| specific(owner)).or(service);
    let owner = owner.or(Some(screaming(stem)).filter(|stem| specific(stem)));
    let tail = if words(&own).iter().all(|word| word == "KEY") { "API_KEY".to_owned() } else { own };
    match owner {
        Some(owner)
            if owner.is_ascii()
                && owner.len() <= 40
                && !owner.starts_with(|character: char| character.is_ascii_digit()) =>
        {
            let joined = format!("{owner}_{tail}");
            joined.replace("_API_API_", "_API_")
        }
        _ if secret.kind == "password-literal" => kind.env.clone(),
        _ => tail,
    }
}

/// The service whose API is called nearest to the value: `https://api.themoviedb.org/3` gives `THEMOVIEDB`.
fn service_near(project: &Project, secret: &Secret) -> Option<String> {
    let text = &project.get(secret.span.file).text;
    let hosts = API_HOST.captures_iter(text).filter_map(|captures| captures.get(1));
    let far = |at: usize| at.abs_diff(secret.span.start as usize);
    let nearest = hosts.min_by_key(|host| far(host.start())).filter(|host| far(host.start()) < 4000)?;
    Some(screaming(nearest.as_str())).filter(|name| specific(name) && name.len() <= 30)
}

/// Whether a name says more than that it is a key.
fn specific(name: &str) -> bool {
    const VAGUE: &[&str] = &[
        "API",
        "KEY",
        "APIKEY",
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASS",
        "PWD",
        "ACCESS",
        "AUTH",
        "AUTHORIZATION",
        "X",
        "BEARER",
        "HEADERS",
        "CONFIG",
        "OPTIONS",
        "CLIENT",
        "INDEX",
        "MAIN",
        "APP",
        "DEFAULT",
        "UTILS",
        "LIB",
        "SERVICE",
        "SERVICES",
        "ROUTE",
        "PAGE",
        "CONST",
        "CONSTANTS",
        "MY",
        "THE",
        "ENV",
        "SETTINGS",
        "DATA",
        "VALUE",
        "STRING",
        "LOGIN",
        "INPUT",
        "WORD",
        "USERS",
        "HELPERS",
        "HANDLER",
        "FETCH",
        "CREDENTIALS",
        "REQUEST",
        "PARAMS",
    ];
    !name.is_empty() && words(name).iter().any(|word| !VAGUE.contains(&word.as_str()) && word.len() > 1)
}
