//! Providers by the host of their address: what they are called, and where their keys are revoked.

/// A provider.
pub(super) struct Provider {
    /// In names of endpoints.
    pub(super) id: String,
    /// For people.
    pub(super) title: String,
    /// Where keys are revoked.
    pub(super) keys: String,
}

const KNOWN: &[(&str, &str, &str, &str)] = &[
    ("api.openai.com", "openai", "OpenAI", "https://platform.openai.com/api-keys"),
    ("api.anthropic.com", "anthropic", "Anthropic", "https://console.anthropic.com/settings/keys"),
    ("generativelanguage.googleapis.com", "gemini", "Gemini", "https://aistudio.google.com/apikey"),
    ("openrouter.ai", "openrouter", "OpenRouter", "https://openrouter.ai/settings/keys"),
    ("api.groq.com", "groq", "Groq", "https://console.groq.com/keys"),
    ("api.mistral.ai", "mistral", "Mistral", "https://console.mistral.ai/api-keys"),
    ("api.deepseek.com", "deepseek", "DeepSeek", "https://platform.deepseek.com/api_keys"),
    ("api.perplexity.ai", "perplexity", "Perplexity", "https://www.perplexity.ai/settings/api"),
    ("api.replicate.com", "replicate", "Replicate", "https://replicate.com/account/api-tokens"),
    ("api.elevenlabs.io", "elevenlabs", "ElevenLabs", "https://elevenlabs.io/app/settings/api-keys"),
    ("api.resend.com", "resend", "Resend", "https://resend.com/api-keys"),
    ("api.sendgrid.com", "sendgrid", "SendGrid", "https://app.sendgrid.com/settings/api_keys"),
    ("api.stripe.com", "stripe", "Stripe", "https://dashboard.stripe.com/apikeys"),
];

/// The provider at a host.
pub(super) fn of(host: &str) -> Provider {
    if let Some((_, id, title, keys)) = KNOWN.iter().find(|(known, ..)| *known == host) {
        return Provider { id: (*id).to_owned(), title: (*title).to_owned(), keys: (*keys).to_owned() };
    }
    let parts: Vec<&str> = host.split('.').collect();
    let own = parts.len().checked_sub(2).and_then(|at| parts.get(at)).unwrap_or(&"provider");
    Provider { id: slug(own), title: host.to_owned(), keys: host.to_owned() }
}

/// Words of an address, as a name.
pub(super) fn slug(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
