//! What a variable's name says: who may see its value.

/// Prefixes by which a framework publishes a variable in the browser bundle, longest first.
const PUBLIC_PREFIXES: &[&str] =
    &["NEXT_PUBLIC_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "REACT_APP_", "GATSBY_", "PUBLIC_", "VITE_"];

/// The name without a prefix that publishes it.
pub fn without_public_prefix(name: &str) -> &str {
    PUBLIC_PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name)
}

/// Whether the name has a prefix that publishes its value.
pub fn published(name: &str) -> bool {
    without_public_prefix(name) != name
}

/// Whether the name is given by the platform or the build tool, not by the app: `NODE_ENV`, `MODE`, `VERCEL_URL`.
pub fn given(name: &str) -> bool {
    const GIVEN: &[&str] = &[
        "NODE_ENV",
        "MODE",
        "DEV",
        "PROD",
        "SSR",
        "BASE_URL",
        "CI",
        "PORT",
        "HOME",
        "PATH",
        "PWD",
        "TZ",
        "npm_package_version",
        "STANDALONE",
        "NITRO_PRESET",
    ];
    const PLATFORM: &[&str] = &[
        "VERCEL_URL",
        "VERCEL_ENV",
        "VERCEL_BRANCH_URL",
        "VERCEL_GIT_COMMIT_SHA",
        "VERCEL_PROJECT_PRODUCTION_URL",
        "VERCEL",
        "NETLIFY",
        "NETLIFY_DEV",
        "URL",
        "DEPLOY_PRIME_URL",
        "NEXT_RUNTIME",
        "NEXT_PHASE",
        "V0_RUNTIME_URL",
        "FLY_APP_NAME",
        "HOST",
    ];
    GIVEN.contains(&name) || PLATFORM.contains(&name)
}

/// `apiKey`, `API_KEY`, `x-api-key` as upper-case words.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = '_';
    let characters: Vec<char> = name.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let next_is_lower = characters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts = character.is_uppercase()
            && (previous.is_lowercase()
                || previous.is_ascii_digit()
                || previous.is_uppercase() && next_is_lower);
        if !character.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(character.to_uppercase()));
        }
        previous = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a word is written as variables are: capitals, digits and underscores.
pub fn screams(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `apiKey` as `API_KEY`.
pub fn screaming(name: &str) -> String {
    words(name).join("_")
}

/// Whether a name says that its value is secret: `SECRET`, `SERVICE_ROLE`, `PRIVATE_KEY`, `*_TOKEN`, provider names …; looks past
/// a public prefix; names that are public by design (`ANON_KEY`, `PUBLISHABLE`, `FIREBASE_API_KEY`) are not secret.
pub fn secret_by_name(name: &str) -> bool {
    const DATABASES: &[&str] = &[
        "DATABASE",
        "POSTGRES",
        "POSTGRESQL",
        "MONGO",
        "MONGODB",
        "REDIS",
        "MYSQL",
        "DB",
        "PG",
        "NEON",
        "KV",
        "DIRECT",
    ];
    const HARMLESS_ENDS: &[&str] = &[
        "ID",
        "NAME",
        "HOST",
        "HOSTNAME",
        "ENDPOINT",
        "DOMAIN",
        "EMAIL",
        "MODEL",
        "REGION",
        "BUCKET",
        "PORT",
        "VERSION",
        "TTL",
        "EXPIRY",
        "EXPIRES",
        "EXPIRATION",
        "TIMEOUT",
        "ISSUER",
        "ENABLED",
        "URL",
        "URI",
        "PATH",
        "LENGTH",
        "TYPE",
        "LIMIT",
        "HEADER",
        "PREFIX",
        "DAYS",
        "HOURS",
        "MINUTES",
        "SECONDS",
        "IN",
        "ROUNDS",
        "COUNT",
        "USER",
        "USERNAME",
        "HINT",
        "LABEL",
        "ERROR",
        "MESSAGE",
        "REGEX",
        "PATTERN",
        "PLACEHOLDER",
        "MODE",
        "DURATION",
        "SITE",
        "COLUMN",
        "FIELD",
    ];
    const ALWAYS: &[&str] =
        &["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "SENHA", "CREDENTIALS", "CREDENTIAL"];
    const LAST: &[&str] = &[
        "TOKEN",
        "PASS",
        "PWD",
        "SALT",
        "PEPPER",
        "APIKEY",
        "JWT",
        "BEARER",
        "AUTHORIZATION",
        "SECRETS",
        "PASSWORDS",
    ];
    const KEYS: &[&str] = &[
        "API",
        "ACCESS",
        "PRIVATE",
        "ENCRYPTION",
        "SIGNING",
        "SIGNER",
        "MASTER",
        "ADMIN",
        "ROLE",
        "SERVICE",
        "SERVER",
        "JWT",
        "SESSION",
        "HOOK",
        "WEBHOOK",
        "LICENSE",
        "AUTH",
        "COOKIE",
        "CRYPT",
        "CIPHER",
        "HMAC",
        "TOKEN",
    ];
    const PROVIDERS: &[&str] = &[
        "OPENAI",
        "ANTHROPIC",
        "CLAUDE",
        "GROQ",
        "GEMINI",
        "MISTRAL",
        "DEEPSEEK",
        "OPENROUTER",
        "PERPLEXITY",
        "REPLICATE",
        "ELEVENLABS",
        "ELEVEN",
        "DEEPGRAM",
        "HUGGINGFACE",
        "RESEND",
        "SENDGRID",
        "MAILGUN",
        "TWILIO",
        "MERCADOPAGO",
        "FAL",
        "COHERE",
        "XAI",
        "GROK",
        "FIREWORKS",
        "TOGETHER",
        "STABILITY",
        "ASSEMBLYAI",
        "SERPAPI",
        "TAVILY",
        "LOVABLE",
        "BREVO",
        "POSTMARK",
        "PINECONE",
    ];
    let words = words(without_public_prefix(name));
    let has = |word: &str| words.iter().any(|own| own == word);
    let Some(last) = words.last().map(String::as_str) else { return false };
    let before = words.len().checked_sub(2).map_or("", |at| words[at].as_str());

    if has("ANON")
        || has("PUBLISHABLE")
        || has("PUBLIC")
        || has("CSRF")
        || has("FIREBASE") && !has("PRIVATE") && !has("ADMIN") && !has("SECRET") && !has("TOKEN")
    {
        return false;
    }
    if (has("MAPS")
        || has("MAP")
        || has("MAPBOX")
        || has("MAPTILER")
        || has("RECAPTCHA")
        || has("TURNSTILE")
        || has("HCAPTCHA"))
        && !has("SECRET")
    {
        return false;
    }
    // The token of a checkout that opens in the page; what relays a call from browser to browser.
    let paying = has("PADDLE") || has("PAYMENT") || has("PAYMENTS");
    if paying && last == "TOKEN" && before == "CLIENT" || has("TURN") && !has("SECRET") && published(name) {
        return false;
    }
    // Keys that only let events be sent in, from every visitor's browser.
    let counts = ["AMPLITUDE", "POSTHOG", "MIXPANEL", "SEGMENT", "HEAP", "ROLLBAR"];
    if counts.iter().any(|service| has(service)) && published(name) && !has("SECRET") && !has("PERSONAL") {
        return false;
    }
    if has("SUPABASE") && last == "KEY" && words.len() == 2
        || has("VAPID") && !has("PRIVATE")
        || has("SITEKEY")
    {
        return false;
    }
    if matches!(last, "URL" | "URI" | "DSN") {
        let hook = has("WEBHOOK") && (has("SLACK") || has("DISCORD") || has("TEAMS"));
        return hook
            || DATABASES.contains(&words[0].as_str()) && !has("FIREBASE") && !has("REST") && !has("API");
    }
    if HARMLESS_ENDS.contains(&last) {
        return false;
    }
    ALWAYS.iter().any(|word| has(word))
        || LAST.contains(&last)
        || last == "ROLE" && before == "SERVICE"
        || last == "ACCOUNT" && before == "SERVICE"
        || last == "KEY" && (KEYS.contains(&before) || PROVIDERS.iter().any(|provider| has(provider)))
        || has("API") && has("KEY")
        || has("SERVICE") && has("ROLE")
        || words.len() == 1 && PROVIDERS.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret() {
        for name in [
            "JWT_SECRET",
            "SUPABASE_SERVICE_ROLE_KEY",
            "VITE_SUPABASE_SERVICE_ROLE",
            "SMTP_PASS",
            "NEXT_PUBLIC_AUTH_TOKEN",
            "VITE_TURN_SECRET",
            "VITE_OPENAI_API_KEY",
            "EXPO_PUBLIC_OPENAI_KEY",
            "GROQ_API_KEY",
            "BLOB_READ_WRITE_TOKEN",
            "DATABASE_URL",
            "POSTGRES_URL_NON_POOLING_PASSWORD",
            "MONGODB_URI",
            "VITE_MERCADOPAGO_ACCESS_TOKEN",
            "ADMIN_PASSWORD",
            "VITE_HOOK_KEY",
            "FIREBASE_PRIVATE_KEY",
            "VITE_PAY_SECRET",
            "VITE_POSTHOG_PERSONAL_API_KEY",
            "VITE_SIGNER_KEY",
            "SLACK_WEBHOOK_URL",
            "apiKey",
            "x-api-key",
        ] {
            assert!(secret_by_name(name), "{name}");
        }
    }

    #[test]
    fn names_that_do_not() {
        for name in [
            "VITE_SUPABASE_ANON_KEY",
            "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY",
            "VITE_FIREBASE_API_KEY",
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY",
            "VITE_GOOGLE_MAPS_API_KEY",
            "VITE_MAPBOX_TOKEN",
            "VITE_PAYMENTS_CLIENT_TOKEN",
            "VITE_TURN_CREDENTIAL",
            "NEXT_PUBLIC_AMPLITUDE_API_KEY",
            "VITE_MIXPANEL_TOKEN",
            "VITE_API_URL",
            "NODE_ENV",
            "VITE_RECAPTCHA_SITE_KEY",
            "VAPID_PUBLIC_KEY",
            "JWT_EXPIRES_IN",
            "AWS_REGION",
            "VITE_SUPABASE_URL",
            "VITE_SUPABASE_KEY",
            "GOOGLE_CLIENT_ID",
            "TOKEN_TTL",
            "passwordHint",
            "PASSWORD_MIN_LENGTH",
            "",
        ] {
            assert!(!secret_by_name(name), "{name}");
        }
    }

    #[test]
    fn camel_case_becomes_screaming_snake_case() {
        assert_eq!(screaming("openAIKey2Value"), "OPEN_AI_KEY2_VALUE");
        assert_eq!(screaming("x-api-key"), "X_API_KEY");
        assert_eq!(screaming("HTTPToken"), "HTTP_TOKEN");
    }
}
