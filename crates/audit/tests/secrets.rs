//! Small sources in, what the survey says of their secrets out. All keys are made up: they only have the shape.

use audit::Survey;
use audit::secret::{Place, Secret};
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

const MANIFEST: (&str, &str) = (
    "package.json",
    r#"{"name":"app","dependencies":{"react":"18.0.0"},"devDependencies":{"vite":"5.0.0"}}"#,
);
const PAGE: (&str, &str) = ("index.html", r#"<script type="module" src="/src/main.tsx"></script>"#);

/// What the survey finds in files of a Vite app.
fn secrets(files: &[(&str, &str)]) -> Vec<Secret> {
    let texts = [MANIFEST, PAGE].iter().chain(files);
    let named = texts.filter_map(|(path, text)| Some((RelPath::new(*path)?, (*text).to_owned())));
    let mut texts: Vec<_> = named.collect();
    texts.sort();
    let project = Project::from_texts(Path::new("/app"), texts);
    let stack = Stack::detect(&project);
    Survey::of(&project, &stack).secrets
}

/// `kind place` of every secret in one file, in order; public ones with `public` before.
#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let found: Vec<String> = secrets(&[(path, text)])
        .iter()
        .map(|secret| {
            format!(
                "{}{} {:?}",
                if secret.public_by_design { "public " } else { "" },
                secret.kind,
                secret.place
            )
        })
        .collect();
    assert_eq!(found, expected, "in {text}");
}

fn jwt(role: &str) -> String {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let head = encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = encode(&format!(
        r#"{{"iss":"supabase","ref":"fixtureprojectabcdef","role":"{role}","iat":1700000000}}"#
    ));
    format!("{head}.{body}.FixtureSignatureThatNobodyMade0123456789")
}

fn google() -> String {
    format!("AIza{}", "Fixture0Only1Never2Real3Fixture4Key")
}

const OPENAI: &str = "sk-proj-Fixture0Only1Never2Real3Fixture4Key";
const STRIPE: &str = "sk_live_Fixture0Only1Never2Real3";
const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015";

#[test]
fn a_provider_key_is_known_by_its_shape_at_every_place() {
    check("src/a.ts", &format!("const key = \"{OPENAI}\";"), &["openai-api-key Literal"]);
    check(
        "src/a.ts",
        &format!("const key = process.env.OPENAI_API_KEY || \"{OPENAI}\";"),
        &["openai-api-key Fallback"],
    );
    check(
        "src/a.ts",
        &format!("const f = (key = \"{OPENAI}\") => key;"),
        &["openai-api-key DefaultParameter"],
    );
    check(
        "src/a.ts",
        &format!("function f(key: string = import.meta.env.VITE_K || \"{OPENAI}\") {{}}"),
        &["openai-api-key DefaultParameter"],
    );
    check(
        "src/a.ts",
        &format!("class A {{ start(key: \"{OPENAI}\") {{}} }}"),
        &["openai-api-key TypePosition"],
    );
    check(
        "src/a.ts",
        &format!("const url = `https://h.test/x?key={OPENAI}&y=${{y}}`;"),
        &["openai-api-key InsideString"],
    );
    check("src/a.tsx", &format!("const a = <Chat apiKey=\"{OPENAI}\" />;"), &["openai-api-key Jsx"]);
    check("src/a.ts", &format!("// the key is {OPENAI}\n"), &["openai-api-key Comment"]);
    check("README.md", &format!("Set it to `{OPENAI}`.\n"), &["openai-api-key Text"]);
    check("public/sw.js", &format!("const key = \"{OPENAI}\";"), &["openai-api-key Text"]);
    check(
        "netlify.toml",
        &format!("[build.environment]\nOPENAI = \"{OPENAI}\"\n"),
        &["openai-api-key Config"],
    );
    check(".env", &format!("OPENAI_API_KEY={OPENAI}\n"), &["openai-api-key EnvFile"]);
    check(".env", &format!("# OPENAI_API_KEY={OPENAI}\n"), &["openai-api-key Comment"]);
}

#[test]
fn a_token_is_judged_by_its_role() {
    check("src/a.ts", &format!("const key = \"{}\";", jwt("anon")), &["public supabase-anon-key Literal"]);
    check(
        "src/a.ts",
        &format!("const key = \"{}\";", jwt("service_role")),
        &["supabase-service-role-key Literal"],
    );
    check(".env", &format!("VITE_SUPABASE_KEY=\"{}\"\n", jwt("anon")), &["public supabase-anon-key EnvFile"]);
    check(
        ".env",
        &format!("SUPABASE_SERVICE_ROLE_KEY={}\n", jwt("service_role")),
        &["supabase-service-role-key EnvFile"],
    );
}

#[test]
fn public_by_design_is_never_a_secret() {
    let config = format!(
        "const c = {{ apiKey: \"{}\", authDomain: \"x.firebaseapp.com\", projectId: \"x\" }};",
        google()
    );
    check("src/a.ts", &config, &["public firebase-web-key Literal"]);
    check(
        "src/a.ts",
        "const p = loadStripe(\"pk_test_Fixture0Only1Never2\");",
        &["public publishable-key Literal"],
    );
    check(
        "src/a.ts",
        "const k = \"sb_publishable_Fixture0Only1Never2\";",
        &["public supabase-publishable-key Literal"],
    );
    check(
        "src/a.ts",
        "const u = \"https://fixtureprojectabcdef.supabase.co\";",
        &["public supabase-url Literal"],
    );
    check(
        "src/a.ts",
        &format!("load(\"https://maps.googleapis.com/maps/api/js?key={}\");", google()),
        &["public google-maps-key InsideString"],
    );
    check(
        "src/a.ts",
        "const dsn = \"https://9f86d081884c7d659a2feaa0c55ad015@o123.ingest.sentry.io/456\";",
        &["public sentry-dsn Literal"],
    );
    check("src/a.ts", &format!("const VAPID_PUBLIC_KEY = \"B{HEX}{HEX}x7\";"), &[]);
}

#[test]
fn a_google_key_of_a_paid_api_is_a_secret() {
    let call = format!(
        "fetch(`https://generativelanguage.googleapis.com/v1beta/models/m:generate?key={}`)",
        google()
    );
    check("src/a.ts", &call, &["gemini-api-key InsideString"]);
    check(
        "src/a.ts",
        &format!(
            "import {{ GoogleGenerativeAI }} from \"@google/generative-ai\";\nconst KEY = \"{}\";\n",
            google()
        ),
        &["gemini-api-key Literal"],
    );
}

#[test]
fn an_unclear_google_key_is_what_it_is_elsewhere() {
    let one = format!("export const KEY = \"{}\";", google());
    let other = format!("const c = {{ apiKey: \"{}\", authDomain: \"x.firebaseapp.com\" }};", google());
    let found = secrets(&[("src/one.ts", &one), ("src/other.ts", &other)]);
    assert!(found.iter().all(|secret| secret.public_by_design), "{found:?}");
}

#[test]
fn names_give_away_what_has_no_shape() {
    check("src/a.ts", &format!("const WEATHER_API_KEY = \"{HEX}\";"), &["api-key Literal"]);
    check("src/a.ts", &format!("const o = {{ clientSecret: \"{HEX}\" }};"), &["generic-secret Literal"]);
    check("src/a.ts", &format!("const headers = {{ \"x-api-key\": \"{HEX}\" }};"), &["api-key Literal"]);
    check(
        "src/a.ts",
        &format!("const headers = {{ Authorization: \"Bearer {HEX}\" }};"),
        &["access-token InsideString"],
    );
    check("src/a.ts", &format!("headers.set(\"x-token\", \"{HEX}\");"), &["access-token Literal"]);
    check(
        "src/a.ts",
        &format!("fetch(\"https://api.weather.test/now?appid={HEX}&q=x\");"),
        &["api-key InsideString"],
    );
    check("api/app.py", &format!("API_TOKEN = \"{HEX}\"\n"), &["access-token Text"]);
}

#[test]
fn signing_secrets_are_found_whatever_their_entropy() {
    check(
        "server/a.js",
        "const s = process.env.JWT_SECRET || 'please-change';",
        &["signing-secret Fallback"],
    );
    check(
        "server/a.js",
        "const jwt = require('jsonwebtoken');\njwt.verify(token, process.env.JWT_SECRET || 'your-secret-key');",
        &["signing-secret Fallback"],
    );
    check(
        "server/a.js",
        "import jwt from 'jsonwebtoken';\njwt.sign({ id }, 'hush-hush');",
        &["signing-secret Literal"],
    );
    check(
        "server/a.js",
        "import session from 'express-session';\napp.use(session({ secret: 'hush-hush', resave: false }));",
        &["signing-secret Literal"],
    );
    check(
        "lib/a.ts",
        "import { SignJWT } from 'jose';\nconst JWT_SECRET = new TextEncoder().encode('hush-hush');",
        &["signing-secret Literal"],
    );
    check(
        "lib/a.ts",
        "import { createHmac } from 'crypto';\ncreateHmac('sha256', key).update(body).digest('hex');",
        &[],
    );
    check(
        "middleware.ts",
        "// As createHmac does.\nconst mac = await crypto.subtle.sign('HMAC', key, body);",
        &[],
    );
}

#[test]
fn database_addresses_with_a_password() {
    check(
        "server/a.js",
        "connect('mongodb+srv://app:Fixture0Only@cluster0.abcde.mongodb.net/app');",
        &["database-url Literal"],
    );
    check("server/a.js", "connect('postgres://postgres:postgres@localhost:5432/app');", &[]);
    check(
        "docker-compose.yml",
        "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: dev12345\n      DATABASE_URL: postgres://app:dev12345@db:5432/app\n",
        &[],
    );
}

#[test]
fn a_private_key_is_one_value() {
    let body = "MIIFixtureOnlyNeverReal0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let pem =
        format!("const pem = `-----BEGIN PRIVATE KEY-----\n{body}\n{body}\n-----END PRIVATE KEY-----`;");
    check("server/a.js", &pem, &["private-key Literal"]);
}

#[test]
fn the_words_around_a_key_are_no_key() {
    for text in [
        "const head = '-----BEGIN PRIVATE KEY-----'; const foot = '-----END PRIVATE KEY-----'; const body = pem.replace(head, '').replace(foot, '');",
        "const body = pem.replace(/-----BEGIN PRIVATE KEY-----/, '').replace(/-----END PRIVATE KEY-----/, '').replace(/\\s/g, '');",
        "const fake = '-----BEGIN RSA PRIVATE KEY-----\\nMADE_UP_MATERIAL\\n-----END RSA PRIVATE KEY-----';",
    ] {
        check("supabase/functions/berth/index.ts", text, &[]);
    }
}

#[test]
fn the_key_of_a_web_configuration_may_be_short() {
    let key = google();
    let text = format!("initializeApp({{ apiKey: '{}', authDomain: 'x.firebaseapp.com' }});", &key[..38]);
    check("src/a.ts", &text, &["public firebase-web-key Literal"]);
}

#[test]
fn an_account_that_is_made_up_for_each_run_has_no_secret_password() {
    check(
        "scripts/run.mjs",
        "const email = `crew-${Date.now()}@club.test`; const password = 'Letmein1!'; go(email, password);",
        &[],
    );
    check(
        "scripts/run.mjs",
        "const crew = { email: `crew-${Date.now()}@club.test`, password: 'Letmein1!', role: 'crew' };",
        &[],
    );
    check(
        "scripts/run.mjs",
        "const crew = { email: 'crew@club.test', password: 'Letmein1!' };",
        &["password-literal Literal"],
    );
}

#[test]
fn passwords_of_people() {
    check(
        "src/a.tsx",
        "if (email === 'a@b.test' && password === 'letmein') go();",
        &["password-literal Literal"],
    );
    check("src/a.tsx", "const ADMIN_PASSWORD = 'admin123';", &["password-literal Literal"]);
    check(
        "src/a.ts",
        "const people = [{ email: 'chef@club.test', password: 'soup42', role: 'admin' }];",
        &["password-literal Literal"],
    );
    check(
        "supabase/seed.sql",
        "insert into auth.users values (crypt('letmein1', gen_salt('bf')));",
        &["password-literal Text"],
    );
    check(
        "docs/setup.md",
        "```\nPIER_SECRET=9f86d081884c7d659a2feaa0c55ad015\n```\n",
        &["generic-secret Text"],
    );
    check("docs/setup.md", "```\nPIER_SECRET=your-secret-of-the-pier\n```\n", &[]);
    check(
        "docs/setup.md",
        &format!("Deploy with `nfp_{}`.\n", "Qm7Zx2Lp9Rt4Vb6NcKd8Wf3Hj5Gs1Ty0Ua2B"),
        &["netlify-access-token Text"],
    );
    check("docs/setup.md", "- Password: `Letmein1!`\n", &["password-literal Text"]);
}

#[test]
fn noise_is_not_found() {
    for text in [
        "const de = { email: 'E-Mail', password: 'Passwort', username: 'Benutzername' };",
        "const hint = 'starts with sk-...'; const other = 'sk-your-openai-api-key-goes-here';",
        "const stripe = new Stripe(process.env.STRIPE_SECRET_KEY || 'sk_test_...');",
        "const apiKey = 'your-api-key-here'; const token = '<token>'; const secret = 'xxxxxxxxxxxxxxxxxxxx1';",
        "if (type === 'password') show(); if (errors.password === 'required') fail(); if (view === 'password') x();",
        "const TOKEN_KEY = 'app_auth_token_v2'; localStorage.getItem('access_token_2024');",
        "const schema = { password: 'validation.password.min8', token_type: 'bearer' };",
        "const service = { service_id: 'service_a1b2c3d', template_id: 'template_x9y8z7w' };",
        "const id = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'; const img = 'data:image/png;base64,iVBORw0KGgo9f86d081884c7d65';",
        "const link = 'https://firebasestorage.googleapis.com/v0/b/x/o/y.png?alt=media&token=3f2504e0-4f89-11d3-9a0c-0305e82c3301';",
        "const a = <li key=\"9f86d081884c7d659a2feaa0c55ad015\" className=\"task-list sk-circle-fade-dot-1\" data-testid=\"token-input-2\" />;",
        "const b = <div data-token=\"7c9e6679-7425-40de-944b-e07fc1f90ae7\" />;",
        "const tempPassword = crypto.randomUUID() + '!Aa1';",
        "const form = { email: '', password: '' }; const p = { placeholder: '••••••••' };",
        "const url = 'https://fixtureprojectabcdef.supabase.co/storage/v1/object/public/a/b.png';",
        "const [password, setPassword] = useState('');",
        "supabase.auth.onAuthStateChange((event) => event === 'PASSWORD_RECOVERY');",
        "const queryKey = ['tokens', 'list-2024-01']; const cacheKey = 'user:token:cache:v1';",
        "const integrity = 'sha512-9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015==';",
    ] {
        check("src/a.tsx", text, &[]);
    }
    check("package-lock.json", &format!("{{\"token\": \"{HEX}\"}}"), &[]);
    check("src/a.css", &format!(".token {{ content: \"{HEX}\" }}"), &[]);
    check("src/a.test.ts", "await login({ email: 'a@b.test', password: 'letmein1' });", &[]);
    check(".env.example", "OPENAI_API_KEY=sk-your-key\nSMTP_PASS=app-password\nJWT_SECRET=change-me\n", &[]);
}

#[test]
fn a_live_value_in_an_example_is_found() {
    check(".env.example", &format!("PAY_SECRET={HEX}\n"), &["generic-secret EnvFile"]);
}

#[test]
fn a_value_has_one_name_in_the_whole_tree() {
    let found = secrets(&[
        ("api/pay.js", &format!("const t = process.env.TILL_TOKEN || '{STRIPE}';")),
        ("src/pay.ts", &format!("const token = '{STRIPE}';")),
        ("src/other.ts", "const stripe = 'sk_live_Fixture9Another8Never7';"),
    ]);
    let names: Vec<&str> = found.iter().map(|secret| secret.env_name.as_str()).collect();
    assert_eq!(names, ["TILL_TOKEN", "STRIPE_SECRET_KEY", "TILL_TOKEN"]);
}

#[test]
fn two_values_of_one_kind_get_two_names() {
    let found = secrets(&[(
        "src/a.ts",
        "const a = 'sk_live_Fixture9Another8Never7'; const b = 'sk_live_Fixture0Only1Never2Real3';",
    )]);
    let names: Vec<&str> = found.iter().map(|secret| secret.env_name.as_str()).collect();
    assert_eq!(names, ["STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY_2"]);
}

#[test]
fn a_vague_name_takes_that_of_its_service() {
    let found = secrets(&[(
        "src/a.ts",
        &format!("const API_KEY = '{HEX}';\nfetch(`https://api.themoviedb.org/3/x?k=${{API_KEY}}`);"),
    )]);
    assert_eq!(found[0].env_name, "THEMOVIEDB_API_KEY");
}

#[test]
fn a_mask_shows_four_characters_of_a_key_and_nothing_of_a_password() {
    let found =
        secrets(&[("src/a.tsx", &format!("const k = '{STRIPE}'; if (password === 'letmein') go();"))]);
    assert!(
        found[0].masked.starts_with("sk_l…#") && found[0].masked.chars().count() == 14,
        "{}",
        found[0].masked
    );
    assert_eq!(found[1].masked, "…");
    assert!(!format!("{found:?}").contains("letmein"));
}

#[test]
fn the_rotation_list_holds_each_true_secret_once() {
    let files = [
        ("src/a.ts", format!("const k = '{STRIPE}'; const p = 'pk_live_Fixture0Only1Never2';")),
        ("docs/a.md", format!("`{STRIPE}`")),
    ];
    let texts = files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), text.clone()));
    let project = Project::from_texts(Path::new("/app"), texts.collect());
    let stack = Stack::detect(&project);
    let survey = Survey::of(&project, &stack);
    let list = survey.rotation();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].places.len(), 2);
    assert!(survey.secrets[list[0].places[0]].place == Place::Text);
}

#[test]
fn words_of_protocols_and_branches_of_developers_sign_nothing() {
    check(
        "server/till.ts",
        "import crypto from 'crypto'; const key = crypto.createHmac('sha256', 'TillData').update(botToken).digest();",
        &[],
    );
    check(
        "server/sign.ts",
        "import jwt from 'jsonwebtoken'; if (process.env.NODE_ENV !== 'production') { process.env.SESSION_SECRET = 'only-here-1'; }",
        &[],
    );
    check(
        "src/__tests__/hook.test.ts",
        "import crypto from 'crypto'; const mac = crypto.createHmac('sha256', 'hook-key-of-the-test').update(body).digest();",
        &[],
    );
    check(
        "server/apple.ts",
        "const pem = raw.includes('BEGIN') ? raw : `-----BEGIN PRIVATE KEY-----\\n${raw}\\n-----END PRIVATE KEY-----`;",
        &[],
    );
}

#[test]
fn a_connection_with_its_password_is_no_person() {
    check(
        "server/store.ts",
        "export default { host: 'db.example.net', port: 5432, user: 'app', password: 'Qm7Zx2Lp', database: 'club' };",
        &["database-password Literal"],
    );
    check(
        "server/store.ts",
        "export default { host: 'localhost', port: 5432, user: 'app', password: 'Qm7Zx2Lp', database: 'club' };",
        &[],
    );
}

#[test]
fn models_words_forms_and_machines_of_ones_own_hold_no_secret() {
    check(
        "src/a.ts",
        "const API_KEY_MODELS = { api_key: ['llama-3.3-70b-versatile', 'mixtral-8x7b-32768'] };",
        &[],
    );
    check("src/a.ts", "if (words[0]?.word !== 'WITH') stop();", &[]);
    check(
        "src/a.ts",
        "fetch('https://api.web3forms.com/submit', { body: JSON.stringify({ access_key: 'b1f2c3d4-1a2b-4c3d-8e9f-0a1b2c3d4e5f' }) });",
        &[],
    );
    check("src/a.ts", "const pepper = process.env.SUPABASE_SERVICE_ROLE_KEY ?? 'harbour';", &[]);
    let connection = |host: &str| {
        format!(
            "const pool = {{ host: '{host}', user: 'bench', password: process.env.BENCH_PASSWORD ?? 'benchword' }};"
        )
    };
    check("scripts/a.ts", &connection("127.0.0.1"), &[]);
    assert!(!secrets(&[("scripts/a.ts", &connection("db.harbour.example"))]).is_empty());
}
