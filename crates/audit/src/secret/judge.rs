//! Judging a value: is it a placeholder, does it look random, what does a token say of itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Shannon entropy in bits per character; 0 for the empty text.
pub(super) fn entropy(value: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    let mut total = 0usize;
    for character in value.chars() {
        *counts.entry(character).or_insert(0usize) += 1;
        total += 1;
    }
    counts.values().map(|count| *count as f64 / total as f64).map(|share| -share * share.log2()).sum()
}

/// Whether a value is a pass that somebody thought of: `harbour-start-2031`.
pub(super) fn made_up(value: &str) -> bool {
    let parts = value.split(['-', '_']).count();
    value.len() >= 12
        && parts >= 3
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !placeholder(value)
}

/// Whether a value only holds the place of a real one: `your-key-here`, `sk-...`, `<token>`, `xxxx`, `${NAME}`.
pub fn placeholder(value: &str) -> bool {
    // A token that was over within days opens nothing any more.
    if value.starts_with("eyJ") && claims(value).is_some_and(|claims| claims.brief) {
        return true;
    }
    const MARKS: &[&str] = &[
        "your",
        "actual",
        "example",
        "placeholder",
        "change",
        "replace",
        "xxxx",
        "****",
        "...",
        "…",
        "••",
        "dummy",
        "insert",
        "redacted",
        "todo",
        "<",
        ">",
        "${",
        "{{",
        "lorem",
        "sample",
        "_here",
        "-here",
        "goes",
        "not-set",
        "not_set",
        "-unset",
        ".invalid",
        "undefined",
        "n/a",
        "abcdefgh",
        "12345678901234567890",
        "put_",
        "enter-",
        "enter_",
        "fill",
    ];
    // "Your", "put here" in the languages of the exports.
    const STARTS: &[&str] = &[
        "sua_",
        "sua-",
        "seu_",
        "seu-",
        "tua_",
        "tu_",
        "tu-",
        "su_",
        "su-",
        "votre",
        "ihr_",
        "ihr-",
        "dein",
        "ganti",
        "coloque",
        "substitua",
        "insira",
        "cole_",
        "cole-",
    ];
    const ENDS: &[&str] = &["_aqui", "-aqui", "_aquí", "_ici", "-ici", "_hier", "-hier", "_disini"];
    // Seeds of one-time passwords that the documentation of every library shows, the second one that of RFC 6238.
    const SHOWN: &[&str] = &["jbswy3dpehpk3pxp", "gezdgnbvgy3tqojq"];
    let lower = value.trim().to_lowercase();
    let bare = lower.trim_matches(|character: char| !character.is_alphanumeric());
    bare.is_empty()
        || SHOWN.iter().any(|shown| bare.starts_with(shown))
        || MARKS.iter().any(|mark| lower.contains(mark))
        || STARTS.iter().any(|start| bare.starts_with(start))
        || ENDS.iter().any(|end| bare.ends_with(end))
        || matches!(
            bare,
            "test"
                | "secret"
                | "password"
                | "token"
                | "key"
                | "none"
                | "null"
                | "false"
                | "true"
                | "demo"
                | "mock"
                | "fake"
                | "tbd"
        )
        || climbs(bare)
        || entropy(bare) < 1.5 && bare.chars().count() > 3
}

/// `a1b2c3d4-e5f6`: letters and digits in turn, each the one after the last.
fn climbs(value: &str) -> bool {
    let all = || value.chars().filter(|character| character.is_ascii_alphanumeric());
    let run = |of: fn(&char) -> bool| {
        let these: Vec<u32> = all().filter(of).map(u32::from).collect();
        these.len() >= 4
            && these.windows(2).all(|pair| pair[1] == pair[0] + 1 || pair == [u32::from('9'), u32::from('0')])
    };
    run(char::is_ascii_lowercase) && run(char::is_ascii_digit)
}

/// Whether a value with the shape of a key says that it is none: `sk-your-openai-key`, `AKIA…EXAMPLE`. Stricter than
/// [`placeholder`], as the shape already speaks for it.
pub(super) fn invented(value: &str) -> bool {
    const MARKS: &[&str] = &[
        "your",
        "example",
        "placeholder",
        "replace",
        "xxxx",
        "****",
        "...",
        "…",
        "<",
        "${",
        "{{",
        "redacted",
        "changeme",
    ];
    let lower = value.to_lowercase();
    MARKS.iter().any(|mark| lower.contains(mark)) || counts(&lower) || speaks(value)
}

/// `GOCSPX-realClientSecretValue`: what stands behind the mark of the kind is three words or more, and nothing else.
fn speaks(value: &str) -> bool {
    let body = value.rsplit(['-', '_']).next().unwrap_or(value);
    let mut words: Vec<usize> = Vec::new();
    for letter in body.chars() {
        match words.last_mut() {
            Some(length) if letter.is_ascii_lowercase() => *length += 1,
            _ => words.push(1),
        }
    }
    body.chars().all(|letter| letter.is_ascii_alphabetic())
        && words.len() >= 3
        && words.iter().all(|length| *length >= 4)
}

/// `key_abcdef1234567890`: half of it are letters or digits that each follow the one before, five or more together.
fn counts(value: &str) -> bool {
    let follows = |pair: &[u8]| pair[1] == pair[0] + 1 || pair == b"90";
    let (mut run, mut counted) = (1, 0);
    for pair in value.as_bytes().windows(2) {
        let goes_on = pair.iter().all(u8::is_ascii_alphanumeric) && follows(pair);
        run = if goes_on { run + 1 } else { 1 };
        counted += match run {
            5 => 5,
            6.. => 1,
            _ => 0,
        };
    }
    counted * 2 >= value.len()
}

/// Whether a value is words, not chance: pieces between `-`, `_`, `.`, `/`, `:` and spaces that are letters alone, or a short number.
pub(super) fn wordlike(value: &str) -> bool {
    value.split(|character: char| "-_./: +@".contains(character)).all(|piece| {
        let letters = piece.trim_end_matches(|character: char| character.is_ascii_digit());
        let digits = piece.len() - letters.len();
        let plain = letters.chars().all(char::is_alphabetic);
        // `sonnet-20250219`: the date of a version.
        let dated = letters.is_empty() && digits == 8 && (piece.starts_with("19") || piece.starts_with("20"));
        plain && (digits <= 4 || dated) && (letters.len() <= 24 || !letters.is_ascii())
    })
}

/// Whether a value looks like chance: long enough, letters and digits, high entropy; no address, path, date, file name or words.
pub(super) fn random(value: &str) -> bool {
    let length = value.chars().count();
    let hex = value.chars().all(|character| character.is_ascii_hexdigit());
    let allowed =
        |character: char| character.is_ascii_alphanumeric() || "-_+/=.~:$@!#%^&*".contains(character);
    (16..=600).contains(&length)
        && value.chars().all(allowed)
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && entropy(value) >= if hex { 2.8 } else { 3.3 }
        && !value.contains("://")
        && !value.starts_with(['/', '.', '@', '#'])
        && !value.starts_with("data:")
        && !placeholder(value)
        && !counts(&value.to_lowercase())
        && !wordlike(value)
        && !path(value)
        && !model(value)
}

/// `llama-3.3-70b-versatile`: the name of a language model, its family first.
fn model(value: &str) -> bool {
    const FAMILIES: &str = "gpt chatgpt llama llama2 llama3 codellama meta mistral mixtral mistralai codestral deepseek qwen qwen2 \
                            qwen3 claude anthropic gemini gemma gemma2 google command cohere grok xai openai phi whisper flux dall \
                            stable sdxl nova titan nemotron nvidia kimi glm yi text";
    let mut words = value.split(['-', '.', '/', ':', '_']);
    let family = words.next().unwrap_or_default();
    FAMILIES.split(' ').any(|known| known == family.to_ascii_lowercase())
        && words.all(|word| word.len() <= 12)
}

/// A file path, a package with its version, a class list.
fn path(value: &str) -> bool {
    const ENDINGS: &[&str] = &[
        ".js", ".ts", ".tsx", ".jsx", ".json", ".png", ".jpg", ".svg", ".css", ".html", ".md", ".webp",
        ".mp4", ".mp3", ".pdf",
    ];
    ENDINGS.iter().any(|ending| value.ends_with(ending))
        || value.starts_with("sha512-")
        || value.starts_with("sha256-")
}

/// Whether text behind a variable is a value that works, and not one that only holds the place.
pub(super) fn set_up(name: &str, text: &str) -> bool {
    // The key of a service has a form, and is known by it.
    let given =
        crate::env::words(name).iter().any(|word| matches!(word.as_str(), "SUPABASE" | "STRIPE" | "OPENAI"));
    !given
        && text.chars().count() >= 6
        && !placeholder(text)
        && !text.contains("localhost")
        && !text.contains("127.0.0.1")
}

/// A UUID in its usual spelling.
pub(super) fn uuid(value: &str) -> bool {
    let groups: Vec<&str> = value.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What a JSON Web Token says of itself. Nothing is verified: only what it claims matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// `role`.
    pub(super) role: Option<String>,
    /// `iss`.
    pub(super) issuer: Option<String>,
    /// `ref`: the Supabase project.
    pub(super) project: Option<String>,
    /// `sub`.
    pub(super) subject: Option<String>,
    /// `exp` ends it within a week of `iat`, or it is a visitor's own: it was over soon after it was written down.
    pub(super) brief: bool,
}

/// The claims of a token; `None` if its middle part is no JSON object.
pub(super) fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    let text = |key: &str| json.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let number = |key: &str| json.get(key).and_then(serde_json::Value::as_i64);
    let lives = number("exp").zip(number("iat")).map(|(end, start)| end - start);
    let visitor = text("aud").as_deref() == Some("authenticated") && number("exp").is_some();
    json.is_object().then(|| Claims {
        brief: lives.map_or(visitor, |seconds| seconds <= 7 * 24 * 3600),
        role: text("role"),
        issuer: text("iss"),
        project: text("ref"),
        subject: text("sub"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_by_their_words() {
        for value in [
            "your-key-here",
            "sk-...",
            "<token>",
            "xxxxxxxx",
            "REPLACE_ME",
            "${API_KEY}",
            "sk-your-openai-key",
            "AKIAIOSFODNN7EXAMPLE",
            "••••••••",
            "SUA_CHAVE_DE_ORIGEM",
            "tu-clave-aqui",
            "JBSWY3DPEHPK3PXP",
            "c4d5e6f7-g8h9",
        ] {
            assert!(placeholder(value), "{value}");
        }
        for value in ["hunter2", "Qm7Zx2Lp9Rt4Vb6N", "letmein!", "c4d5x6f7-g8h9"] {
            assert!(!placeholder(value), "{value}");
        }
    }

    #[test]
    fn a_key_of_words_is_invented() {
        assert!(invented("GOCSPX-actualGoogleClientSecret"));
        assert!(!invented("GOCSPX-Qm7Zx2Lp9Rt4Vb6NcKd8Wf3Hj5"));
        assert!(!invented("sk_live_QmZxLpRtVbNcKdWfHj"));
    }

    #[test]
    fn names_and_paths_do_not_look_random() {
        for value in [
            "app_auth_token_v2",
            "access-token-storage",
            "user.password.reset.2024",
            "/api/auth/token/refresh1",
            "validation:password:min8",
            "accessTokenExpirationSeconds",
            "https://example.org/a1b2c3d4e5f6",
            "a1b2c3d4",
            "text-muted-foreground",
            "logo-2024-final3.png",
            "claude-9-9-sonnet-20991231",
            "re_abcdef1234567890abcdef1234567890",
        ] {
            assert!(!random(value), "{value}");
        }
        for value in ["9f86d081884c7d659a2feaa0c55ad015", "Qm7Zx2Lp9Rt4Vb6NcKd8", "Zk3-Lq8_Vt5mWx2Rb7"] {
            assert!(random(value), "{value}");
        }
    }

    #[test]
    fn a_token_tells_its_role() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"supabase","ref":"abcdefghij","role":"anon"}"#);
        let claims = claims(&format!("eyJhbGciOiJIUzI1NiJ9.{payload}.signature")).unwrap();
        assert_eq!(claims.role.as_deref(), Some("anon"));
        assert_eq!(claims.project.as_deref(), Some("abcdefghij"));
    }

    #[test]
    fn a_token_of_an_hour_is_brief() {
        let brief = |payload: &str| {
            claims(&format!("eyJhbGciOiJIUzI1NiJ9.{}.s", URL_SAFE_NO_PAD.encode(payload))).unwrap().brief
        };
        assert!(brief(r#"{"sub":"1","iat":1700000000,"exp":1700003600}"#));
        assert!(brief(r#"{"aud":"authenticated","sub":"1","exp":1700003600}"#));
        assert!(!brief(r#"{"sub":"1","exp":1700003600}"#));
        assert!(!brief(r#"{"sub":"1","iat":1700000000,"exp":1900000000}"#));
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        assert_eq!(claims("eyJ.not-base64!.x"), None);
        assert_eq!(claims("abc"), None);
    }
}
