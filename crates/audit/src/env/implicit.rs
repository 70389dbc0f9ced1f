//! Variables that a package reads by itself: never named in code, and missing all the same when they are not set.

use project::Project;
use stack::Stack;

/// Package and name, for packages that are imported somewhere. What the backends of the stack say is added.
const IMPLICIT: &[(&str, &str)] = &[
    ("@vercel/postgres", "POSTGRES_URL"),
    ("@vercel/blob", "BLOB_READ_WRITE_TOKEN"),
    ("@vercel/kv", "KV_REST_API_URL"),
    ("@vercel/kv", "KV_REST_API_TOKEN"),
    ("@vercel/edge-config", "EDGE_CONFIG"),
    ("@ai-sdk/openai", "OPENAI_API_KEY"),
    ("@ai-sdk/anthropic", "ANTHROPIC_API_KEY"),
    ("@ai-sdk/google", "GOOGLE_GENERATIVE_AI_API_KEY"),
    ("@ai-sdk/groq", "GROQ_API_KEY"),
    ("@ai-sdk/xai", "XAI_API_KEY"),
    ("@ai-sdk/mistral", "MISTRAL_API_KEY"),
    ("@ai-sdk/perplexity", "PERPLEXITY_API_KEY"),
    ("@ai-sdk/deepseek", "DEEPSEEK_API_KEY"),
    ("@ai-sdk/fal", "FAL_KEY"),
    ("@ai-sdk/replicate", "REPLICATE_API_TOKEN"),
    ("@ai-sdk/gateway", "AI_GATEWAY_API_KEY"),
    ("next-auth", "AUTH_SECRET"),
    ("better-auth", "BETTER_AUTH_SECRET"),
    ("@clerk/nextjs", "CLERK_SECRET_KEY"),
    ("@clerk/nextjs", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"),
    ("@auth0/nextjs-auth0", "AUTH0_SECRET"),
    ("uploadthing", "UPLOADTHING_TOKEN"),
];

/// Package, the call that leaves the key to the package, and name.
const LEFT_TO_PACKAGE: &[(&str, &str, &str)] = &[
    ("@anthropic-ai/sdk", "new Anthropic()", "ANTHROPIC_API_KEY"),
    ("openai", "new OpenAI()", "OPENAI_API_KEY"),
    ("groq-sdk", "new Groq()", "GROQ_API_KEY"),
    ("resend", "new Resend()", "RESEND_API_KEY"),
    ("replicate", "new Replicate()", "REPLICATE_API_TOKEN"),
];

/// The implicit names of the packages that code imports, with the package.
pub(super) fn names(project: &Project, stack: &Stack) -> Vec<(&'static str, &'static str)> {
    let backends = stack.backends.iter().flat_map(|backend| backend.implicit_env().iter().copied());
    let known = IMPLICIT.iter().copied().chain(backends);
    let imports = |package: &str| {
        let subpath = format!("{package}/");
        project.files.iter().filter(|file| file.skipped.is_none()).any(|file| {
            let imports = file.module.imports.iter().filter(|import| !import.type_only);
            imports
                .map(|import| &import.specifier)
                .any(|specifier| specifier == package || specifier.starts_with(&subpath))
        })
    };
    let calls = |package: &str, call: &str| {
        project
            .files
            .iter()
            .filter(|file| file.skipped.is_none() && file.text.contains(call))
            .any(|file| file.module.imports.iter().any(|import| import.specifier == package))
    };
    let left = LEFT_TO_PACKAGE.iter().filter(|(package, call, _)| calls(package, call));
    let left = left.map(|(package, _, name)| (*name, *package));
    known.filter(|(package, _)| imports(package)).map(|(package, name)| (name, package)).chain(left).collect()
}
