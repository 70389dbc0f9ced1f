//! Passwords of people in code: compared with a literal, written down beside a login, given as a constant.

use super::judge::{placeholder, wordlike};
use super::place::Position;
use crate::env::words;
use syntax::Tree;

const PASSWORDS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PWD",
    "PASSCODE",
    "PASSPHRASE",
    "SENHA",
    "CONTRASENA",
    "CONTRASEÑA",
    "CLAVE",
    "PASSWORT",
    "KENNWORT",
    "PAROLA",
    "SANDI",
    "PIN",
    "MDP",
];

/// Whether a name is that of a password: its last word, or the one before `input`, `value`, `attempt`.
pub(crate) fn named(name: &str) -> bool {
    let words = words(name);
    let spoken = words.iter().rev().find(|word| {
        !matches!(
            word.as_str(),
            "INPUT" | "VALUE" | "ATTEMPT" | "ENTERED" | "GUESS" | "TEXT" | "FIELD" | "TRIM"
        )
    });
    // Messages, flags and settings about passwords.
    let about = words.first().is_some_and(|word| {
        matches!(
            word.as_str(),
            "SHOW" | "HIDE" | "IS" | "HAS" | "FORGOT" | "RESET" | "TOGGLE" | "ON" | "HANDLE" | "NO"
        )
    });
    let short = name.eq_ignore_ascii_case("word") || name.eq_ignore_ascii_case("passkey");
    !about && (short || spoken.is_some_and(|word| PASSWORDS.contains(&word.as_str())))
}

/// Whether `text` may be what `name` says: a PIN is a few digits, and the tax number of a company is none.
pub(super) fn fits(name: &str, text: &str) -> bool {
    let pin = words(name).last().is_some_and(|last| last == "PIN");
    !pin || (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a pair beside a password makes it a login: an address, a role, a name that is a value and not a label.
pub(super) fn identifies(key: &str, value: Option<&str>) -> bool {
    let words = words(key);
    let last = words.last().map_or("", String::as_str);
    let Some(value) = value else { return false };
    match last {
        "EMAIL" | "MAIL" | "CORREO" => {
            value.contains('@') && !value.contains(' ') && !value.contains("your") && !value.ends_with('@')
        }
        "USERNAME" | "USER" | "LOGIN" | "NIP" | "NIM" | "PHONE" | "IDENTIFIER" => {
            !value.is_empty()
                && !value.contains(' ')
                && value.to_lowercase() == value
                && !placeholder(value)
                && value.to_lowercase() != key.to_lowercase()
        }
        "ROLE" => !value.is_empty() && value.len() < 30,
        _ => false,
    }
}

/// As [`credible`], for text that stands beside an address if `addressed`.
pub(super) fn credible_beside(text: &str, addressed: bool) -> bool {
    credible(text)
        || addressed && PASSWORDS.contains(&text.to_uppercase().as_str()) && text.to_lowercase() == text
}

/// Whether text beside a login may be a password: no label, no message, no hash, no bullets.
pub(super) fn credible(text: &str) -> bool {
    let length = text.chars().count();
    let plain = !text.contains(char::is_whitespace) && text.is_ascii();
    let label = placeholder(text) && !matches!(text, "test" | "demo")
        || PASSWORDS.contains(&text.to_uppercase().as_str());
    let hash =
        text.starts_with("$2") && length > 50 || text.starts_with("pbkdf2") || text.starts_with("scrypt");
    let described = text.ends_with(':')
        || text.contains("${")
        || text.starts_with("z.")
        || text.contains("assword") && wordlike(text) && !text.bytes().any(|byte| byte.is_ascii_digit());
    (3..=64).contains(&length) && plain && !label && !hash && !described
}

/// Whether the string is a password by what it is compared with or called.
pub(super) fn in_code(tree: &Tree, name: &str, text: &str, position: &Position<'_>) -> bool {
    if !named(name) {
        return false;
    }
    if let Some(other) = position.compared_with {
        let other = tree.text(other);
        // The word of a sentence, of a query: only a name of its own may stand for a password.
        if name.eq_ignore_ascii_case("word") && other.contains('.') {
            return false;
        }
        let about =
            ["error", "touched", "message", "type", "label", "mode", "field", "view", "step", "status"];
        let state = [
            "pass", "fail", "failed", "passed", "weak", "strong", "medium", "hidden", "visible", "text",
            "password", "required",
        ];
        return !about.iter().any(|word| {
            other
                .to_lowercase()
                .split(|character: char| !character.is_alphanumeric())
                .any(|part| part.trim_end_matches('s') == *word)
        }) && !state.contains(&text.to_lowercase().as_str())
            && text.chars().count() >= 3
            && !text.contains('•');
    }
    // A constant: digits or signs in it, and no more than words in a translation.
    let chance = text.bytes().any(|byte| byte.is_ascii_digit() || b"!@#$%^&*?".contains(&byte));
    let constant = position.object.is_none() && words(name).len() <= 4;
    // `pin`, `pass` and `word` alone are too common as plain variables.
    let clear = words(name).iter().any(|word| word.len() > 4 && PASSWORDS.contains(&word.as_str()));
    constant && clear && chance && credible(text) && !text.contains(['/', '(', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_passwords() {
        for name in
            ["password", "ADMIN_PASSWORD", "inputPassword", "passwordInput", "senha", "form_pass", "pin"]
        {
            assert!(named(name), "{name}");
        }
        for name in [
            "showPassword",
            "passwordStrength",
            "passwordError",
            "key",
            "isPassword",
            "PASSWORD_MIN_LENGTH",
            "spinner",
            "resetPassword",
        ] {
            assert!(!named(name), "{name}");
        }
    }

    #[test]
    fn a_pin_is_a_few_digits() {
        assert!(fits("adminPin", "4711"));
        assert!(!fits("branchPin", "P041234567Z"));
        assert!(fits("password", "P041234567Z"));
    }

    #[test]
    fn translations_are_no_logins() {
        assert!(!identifies("email", Some("E-Mail")));
        assert!(!identifies("username", Some("Benutzername")));
        assert!(identifies("email", Some("chef@club.example")));
        assert!(!credible("Passwort"));
        assert!(!credible("Must be long"));
        assert!(!credible("••••••••"));
        assert!(credible("letmein1"));
    }
}
