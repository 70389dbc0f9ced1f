//! Small sources in, the parts of sessions in them out.

use audit::Survey;
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

/// `Kind call [mark]` of each part of one file of the browser.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let files = [
        ("package.json", r#"{"dependencies":{"vite":"5"}}"#),
        ("index.html", r#"<script type="module" src="/src/a.tsx"></script>"#),
        ("src/a.tsx", text),
        (
            "src/client.ts",
            "import { createClient } from '@supabase/supabase-js'; export const supabase = createClient('u', 'k');",
        ),
    ];
    let texts = files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let shown: Vec<String> = survey
        .sessions
        .iter()
        .map(|session| {
            let mark = session.mark.map_or(String::new(), |mark| {
                format!(" {}", format!("{mark:?}").split('(').next().unwrap_or_default())
            });
            format!("{:?} {}{mark}", session.kind, session.call)
        })
        .collect();
    assert_eq!(shown, expected, "in {text}");
}

#[test]
fn calls_of_auth_services_are_listed_by_their_method() {
    check(
        "import { supabase } from './client'; supabase.auth.onAuthStateChange(() => {}); const { data } = await (supabase as any).auth.getSession(); supabase.auth.admin.createUser({}); req.auth.userId; session.auth.thing();",
        &[
            "Subscription supabase.auth.onAuthStateChange",
            "Auth (supabaseasany).auth.getSession",
            "Auth supabase.auth.admin.createUser",
        ],
    );
    check(
        "import { signInWithEmailAndPassword as enter, onAuthStateChanged } from 'firebase/auth'; enter(auth, a, b); onAuthStateChanged(auth, f);",
        &["Auth enter", "Subscription onAuthStateChanged"],
    );
    check(
        "import { signIn, useSession } from 'next-auth/react'; const s = useSession(); signIn('github');",
        &["Auth useSession", "Auth signIn"],
    );
}

#[test]
fn tokens_in_the_browsers_storage_are_told_from_preferences() {
    check(
        "localStorage.setItem('token', answer.token); localStorage.setItem('signedIn', 'yes'); localStorage.setItem('theme', 'dark'); localStorage.setItem('adminColumns', x); const KEY = 'app_session'; sessionStorage.getItem(KEY);",
        &[
            "Storage localStorage.setItem(\"token\") TokenByHand",
            "Storage localStorage.setItem(\"signedIn\") Flag",
            "Storage sessionStorage.getItem(\"app_session\")",
        ],
    );
    check(
        "document.cookie = `token=${t}; path=/`; document.cookie = 'theme=dark'; document.cookie = `demo_session=${demoEmail}; path=/`; document.cookie = 'session=' + made;",
        &[
            "Storage document.cookie = \"token\" TokenByHand",
            "Storage document.cookie = \"demo_session\" Flag",
            "Storage document.cookie = \"session\" TokenByHand",
        ],
    );
    check(
        "import { createClient } from '@supabase/supabase-js'; createClient(u, k, { auth: { storage: localStorage } });",
        &["Storage auth.storage: localStorage"],
    );
    check(
        "const h = { Authorization: `Bearer ${session?.access_token}` };",
        &["TokenRead session?.access_token"],
    );
}

#[test]
fn passwords_in_the_source_are_found_and_other_comparisons_are_not() {
    check(
        "if (name === 'warden' && password === 'fixture-only') open();",
        &["Fake password === … LiteralPassword"],
    );
    check(
        "const ADMIN_CODE = 'fixture-only'; if (form.passcode === ADMIN_CODE) open();",
        &["Fake form.passcode === … LiteralPassword"],
    );
    check("const shown = member.passcode !== '(as before, nothing was made)' && member.name;", &[]);
    check(
        "const people = [{ email: 'a@b.example', password: 'fixture-only' }]; const one = people.find((p) => p.email === email && p.password === password);",
        &["Fake people.find PasswordList"],
    );
    check("const member = { id: 'demo', email } as User;", &["Fake { … } as User MockUser"]);
    check(
        "if (password !== confirm) fail(); if (type === 'password') show(); if (password === '') fail(); if (error.code === 'weak-password') fail(); if (passReason === 'Other') ask(); if (hasPortalPassword === 'yes') next(); const x = { id: row.id } as User;",
        &[],
    );
}

#[test]
fn a_sign_in_that_asks_nothing_is_found_and_one_that_keeps_an_answer_is_not() {
    check(
        "const login = (email: string) => { localStorage.setItem('user', JSON.stringify({ email })); };",
        &["Storage localStorage.setItem(\"user\")", "Fake login Unchecked"],
    );
    check(
        "const login = async (email: string) => { const answer = await fetch('/api/login'); localStorage.setItem('user', await answer.text()); };",
        &["Storage localStorage.setItem(\"user\")"],
    );
    check(
        "const login = (user: Person) => { localStorage.setItem('user', JSON.stringify(user)); };",
        &["Storage localStorage.setItem(\"user\")"],
    );
}

#[test]
fn a_role_that_the_visitor_chose_and_tokens_of_the_app_are_marked() {
    check(
        "import { supabase } from './client'; supabase.auth.signUp({ email, password, options: { data: { role: form.kind } } }); supabase.auth.signUp({ email, password, options: { data: { role: 'member' } } });",
        &["Auth supabase.auth.signUp RoleAtSignUp", "Auth supabase.auth.signUp"],
    );
    check(
        "import jwt from 'jsonwebtoken'; import bcrypt from 'bcryptjs'; const t = jwt.sign({ id }, 'k'); await bcrypt.compare(a, b);",
        &["Token jwt.sign Signs", "Token bcrypt.compare ComparedHash"],
    );
}

#[test]
fn a_name_on_a_list_is_no_sign_in() {
    check("export function signUp() { localStorage.setItem('harbour_signed_up', 'true'); }", &[]);
    check(
        "const handleLoginBlock = () => { localStorage.setItem('loginBlockUntil', String(Date.now() + wait)); shut(true); };",
        &[],
    );
    let later = "const toSignUp = (role: string) => { sessionStorage.setItem('pending_auth_role', role); go('/enter'); };";
    check(later, &["Storage sessionStorage.setItem(\"pending_auth_role\")"]);
}

#[test]
fn a_password_is_compared_after_it_was_tidied() {
    check(
        "const tidy = (text) => text.trim(); const HARBOUR_PASSWORD = tidy('letmein'); if (tidy(password) === HARBOUR_PASSWORD) go();",
        &["Fake password === … LiteralPassword"],
    );
}
