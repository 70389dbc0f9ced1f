//! What the name of a function promises: that it looks who sent something, makes a client, demands a session or a role.

/// `verifyPaySignature`, `isValidWebhook`, `checkHookSecret`: it says in its name that it looks who sent something.
pub(super) fn judges_sender(name: &str) -> bool {
    let words = crate::identity::words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(&["verify", "verifies", "validate", "check", "valid", "assert", "require", "authenticate"])
        && (has(&["signature", "sig", "webhook", "hook", "hmac", "secret", "sender", "ipn", "hash"])
            || has(&["key"]) && has(&["api"]))
        && !has(&["password", "pass", "pwd"])
}

/// `createServerClient`, `getApiClient`, `getDb`.
pub(super) fn makes_client(name: &str) -> bool {
    let words = crate::identity::words(name);
    let made = ["client", "supabase", "db", "database", "pool", "prisma"];
    words.iter().any(|word| made.contains(&word.as_str())) && !crate::identity::names_visitor(name)
}

/// `requireStaff`, `assertOwner`, `currentUserId`.
pub(super) fn demands(name: &str) -> bool {
    let words = crate::identity::words(name);
    let first = words.first().map_or("", String::as_str);
    matches!(
        first,
        "require"
            | "requires"
            | "assert"
            | "ensure"
            | "must"
            | "check"
            | "verify"
            | "guard"
            | "authorize"
            | "authenticate"
            | "protect"
            | "current"
    ) || crate::identity::names_visitor(name)
}

/// `getDatabaseAdmin`: it makes a client of great power, and fails without its key. It demands nothing of anybody.
pub(super) fn is_mighty(name: &str) -> bool {
    let words = crate::identity::words(name);
    let made = ["client", "supabase", "db", "database", "firebase", "firestore", "prisma", "service"];
    words.iter().any(|word| word == "admin") && words.iter().any(|word| made.contains(&word.as_str()))
}

/// `assertAdmin`, `requireStaff`, `ensureCanManage`.
pub(super) fn demands_role(name: &str) -> bool {
    const ROLES: &str = "admin staff moderator manager manage owner role permission superadmin super editor coach teacher organizer organiser host operator leader";
    let words = crate::identity::words(name);
    demands(name) && !is_mighty(name) && words.iter().any(|word| ROLES.split(' ').any(|role| role == word))
}
