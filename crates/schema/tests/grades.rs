//! Policies that let everybody of their roles in, judged by hand, and what we call them: a lethal one is never called fine.

use edit::FileId;
use schema::grade::Grade;
use schema::{Schema, Source};

/// What a person says who knows what the table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    Fine,
    Risky,
    Lethal,
}
use Grade::{Hole, Ok, Review};
use Judged::{Fine, Lethal, Risky};

/// Table, columns beside the key, roles, command, expression, the judgement, the grade.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, Judged, Grade);

const ALL: &str = "anon, authenticated";
const USERS: &str = "authenticated";
const OWNED: &str = "user_id uuid references auth.users";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Catalogues, and what is written to be read.
    ("piers", "name text, depth numeric", ALL, "select", "true", Fine, Ok),
    ("pier_kinds", "name text, colour text", USERS, "select", "true", Fine, Ok),
    ("knots", "title text, steps text, sort integer", ALL, "select", "true", Fine, Ok),
    ("harbour_posts", "user_id uuid references auth.users, content text", ALL, "select", "true", Fine, Ok),
    ("harbour_comments", "user_id uuid references auth.users, body text", ALL, "select", "true", Fine, Ok),
    ("photo_reactions", "user_id uuid references auth.users, kind text", ALL, "select", "true", Fine, Ok),
    ("scraped_jobs", "title text, company text, salary_range text", USERS, "select", "true", Fine, Ok),
    ("mail_runs", "emails_failed integer", USERS, "select", "true", Fine, Ok),
    ("mooring_jobs", "recruiter_id uuid references auth.users, title text", USERS, "select", "true", Fine, Ok),
    ("rescue_causes", "created_by uuid references auth.users, goal_amount numeric", ALL, "select", "true", Fine, Ok),
    ("mast_jobs", "job_card_number text, mast text", USERS, "select", "true", Fine, Ok),
    ("mast_scoring_rules", "label text, weight numeric", ALL, "select", "true", Fine, Ok),
    ("mast_products", "name text, price numeric, weight numeric", ALL, "select", "true", Fine, Ok),
    ("berth_slots", "created_by uuid references auth.users, starts_at timestamptz", USERS, "select", "true", Fine, Ok),
    ("ship_doctors", "user_id uuid references auth.users, bio text, credentials text", ALL, "select", "true", Fine, Ok),
    ("site_settings", "key text, value text", ALL, "select", "true", Fine, Ok),
    ("site_footer_settings", "contact_email text, contact_phone text", ALL, "select", "true", Fine, Ok),
    ("partners", "name text, logo_url text", ALL, "select", "true", Fine, Ok),
    ("clients", "name text, logo_url text", ALL, "select", "true", Fine, Ok),
    ("payment_methods", "name text, icon text", ALL, "select", "true", Fine, Ok),
    ("lead_statuses", "name text, colour text", ALL, "select", "true", Fine, Ok),
    ("profiles", "display_name text, avatar_url text", USERS, "select", "true", Fine, Ok),
    ("print_hashes", "image_hash text, block_hash text", USERS, "select", "true", Fine, Ok),
    ("storage_racks", "city text, pin_code text", USERS, "select", "true", Fine, Ok),
    ("match_chat_messages", "display_name text, body text", ALL, "select", "true", Fine, Ok),
    ("rowing_clubs", "name text, logo_url text, contact_email text", ALL, "select", "true", Fine, Ok),
    ("harbour_pieces", "token_id text, contract_address text", ALL, "select", "true", Fine, Ok),
    ("book_lines", "account_number text, account_type text", USERS, "select", "true", Fine, Ok),
    ("mast_listings", "user_id uuid references auth.users, price numeric, latitude numeric", ALL, "select", "true", Fine, Ok),
    ("pier_fronts", "geom_hash text, picture text", ALL, "select", "true", Fine, Ok),
    ("harbour_pictures", "title text, is_commission boolean", ALL, "select", "true", Fine, Ok),
    ("pricing_lentes_contato", "produto text, sphere numeric", ALL, "select", "true", Fine, Ok),
    // Somebody must say whether it is meant.
    ("knot_quizzes", "user_id uuid references auth.users, answers jsonb, result text", ALL, "insert", "user_id is null and result = 'done'", Risky, Review),
    ("watch_events", "user_id uuid references auth.users, kind text", ALL, "insert", "true", Risky, Review),
    ("pier_kinds", "name text", ALL, "update", "is_harbour_master(id)", Risky, Review),
    ("coupons", "code text, percent integer", ALL, "select", "true", Risky, Review),
    ("crew_rooms", "name text, join_code text", ALL, "select", "true", Risky, Review),
    ("rope_stock", "name text, price numeric, cost_price numeric", ALL, "select", "true", Risky, Review),
    ("ropes", "name text, cost_per_unit numeric", USERS, "select", "true", Risky, Review),
    ("exam_options", "question_id uuid, label text, is_correct boolean", USERS, "select", "true", Risky, Review),
    ("exam_questions", "question text, correct_answer text", ALL, "select", "true", Risky, Review),
    ("hull_posts", "title text, internal_notes text", ALL, "select", "true", Risky, Review),
    ("payment_settings", "setting_key text, setting_value text", USERS, "select", "true", Risky, Review),
    ("admin_settings", "key text, value jsonb", ALL, "select", "true", Risky, Review),
    ("system_settings", "key text, value text", USERS, "select", "true", Risky, Review),
    ("user_roles", "user_id uuid references auth.users, role text", ALL, "select", "true", Risky, Review),
    ("user_roles", "user_id uuid references auth.users, role text", USERS, "select", "true", Risky, Review),
    ("profiles", "display_name text, is_admin boolean", ALL, "select", "true", Risky, Review),
    ("engagement_metrics", "active integer, bounced integer", ALL, "select", "true", Risky, Review),
    ("paint_formulas", "paint_id uuid, share numeric", USERS, "select", "true", Risky, Review),
    ("suppliers", "name text, terms text", USERS, "select", "true", Risky, Review),
    ("expenses", "what text, amount numeric", USERS, "select", "true", Risky, Review),
    ("vendas", "produto text, valor numeric", USERS, "select", "true", Risky, Review),
    ("regattas_run", "name text, revenue numeric", USERS, "select", "true", Risky, Review),
    ("signatories", "name text, signature_url text", USERS, "select", "true", Risky, Review),
    ("voyages", OWNED, USERS, "select", "true", Risky, Review),
    ("deck_reviews", "user_id uuid references auth.users, body text", USERS, "insert", "true", Risky, Review),
    ("pier_kinds", "name text", USERS, "update", "auth.uid() is not null", Risky, Review),
    ("pier_kinds", "name text", USERS, "delete", "auth.role() = 'authenticated'", Risky, Review),
    // Fine, which names alone do not tell.
    ("shops", "owner_id uuid, address text", ALL, "select", "true", Fine, Review),
    ("coffee_cafes", "owner_id uuid, address text", ALL, "select", "true", Fine, Review),
    ("contact_requests", "email text, note text", ALL, "insert", "true", Fine, Review),
    ("newsletter_subscribers", "email text", ALL, "insert", "true", Fine, Review),
    // Lethal where anybody may sign up, which the SQL does not tell.
    ("leads", "name text, phone text", USERS, "select", "auth.uid() is not null", Lethal, Review),
    ("customers", "name text, email text", USERS, "select", "true", Lethal, Review),
    ("sail_orders", "what text", USERS, "select", "true", Lethal, Review),
    // Lethal.
    ("sailors", "name text, email text, phone text", ALL, "select", "true", Lethal, Hole),
    ("members", "email text, password_hash text", USERS, "select", "true", Lethal, Hole),
    ("ai_settings", "provider text, gemini_api_key text", USERS, "select", "true", Lethal, Hole),
    ("licences", "product text, license_key text", USERS, "select", "true", Lethal, Hole),
    ("pay_outs", "bank_name text, account_number text", USERS, "select", "true", Lethal, Hole),
    ("vault", "label text, pin text", USERS, "select", "true", Lethal, Hole),
    ("messages", "sender uuid, body text", ALL, "select", "auth.uid() = sender or true", Lethal, Hole),
    ("clinica_anamnese", "queixa text", ALL, "select", "true", Lethal, Hole),
    ("marina_pedidos", "produto text", ALL, "select", "true", Lethal, Hole),
    ("alumnos", "nombre text, telefono text", ALL, "select", "true", Lethal, Hole),
    ("piers", "name text", ALL, "all", "true", Lethal, Hole),
    ("piers", "name text", ALL, "update", "true", Lethal, Hole),
    ("piers", "name text", ALL, "delete", "1 = 1", Lethal, Hole),
    ("print_orders", "user_id uuid references auth.users, status text", ALL, "update", "true", Lethal, Hole),
    ("payments", "amount numeric", USERS, "update", "true", Lethal, Hole),
    ("payments", "amount numeric", USERS, "insert", "true", Lethal, Hole),
    ("coupons", "code text, is_active boolean, discount integer", USERS, "update", "true", Lethal, Hole),
    ("user_roles", "user_id uuid references auth.users, role text", USERS, "insert", "true", Lethal, Hole),
    ("wallets", "user_id uuid references auth.users, balance numeric", USERS, "update", "auth.uid() is not null", Lethal, Hole),
    ("knot_quizzes", "user_id uuid references auth.users, answers jsonb, result text", ALL, "insert", "user_id is not null", Lethal, Hole),
    ("harbour_posts", "user_id uuid references auth.users, content text", ALL, "insert", "auth.uid() = user_id or true", Lethal, Hole),
    ("voyages", OWNED, USERS, "delete", "true", Lethal, Hole),
];

fn graded(case: &Case) -> Grade {
    let (table, columns, roles, command, expression, ..) = case;
    let part = if *command == "insert" { "with check" } else { "using" };
    let text = format!(
        "create table {table} (id uuid primary key, {columns}); alter table {table} enable row level security;
         create policy a on {table} for {command} to {roles} {part} ({expression});"
    );
    let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: &text }]);
    let (name, made) =
        schema.tables.iter().find(|(name, _)| name.name == *table).expect("the table is there");
    schema.grade(name, &made.policies[0]).grade
}

#[test]
fn policies_are_graded_as_they_were_judged() {
    let wrong: Vec<_> =
        CASES.iter().filter(|case| graded(case) != case.6).map(|case| (case, graded(case))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_lethal_is_never_called_fine_and_what_is_fine_never_a_hole() {
    assert!(CASES.len() >= 60);
    for case in CASES {
        match case.5 {
            Lethal => assert_ne!(graded(case), Ok, "{case:?}"),
            Fine => assert_ne!(graded(case), Hole, "{case:?}"),
            Risky => assert_eq!(graded(case), Review, "{case:?}"),
        }
    }
}

/// The columns that the owner of a row may write and must not, in a table of that name.
fn own_rights(table: &str, sql: &str) -> Vec<String> {
    let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: sql }]);
    let (name, made) = schema.tables.iter().find(|(name, _)| name.name == table).expect("the table is there");
    let policy =
        made.policies.iter().find(|policy| policy.command == "update").expect("a policy for changes");
    schema.self_granted(name, policy)
}

#[test]
fn of_which_kind_somebody_is_gives_no_rights() {
    let sql = |kinds: &str, more: &str| {
        format!(
            "create table profiles (id uuid primary key references auth.users, account_type text check (account_type in ({kinds})));
             create policy own on profiles for update using (auth.uid() = id); {more}"
        )
    };
    let none: [&str; 0] = [];
    assert_eq!(own_rights("profiles", &sql("'sailor', 'club'", "")), none);
    assert_eq!(own_rights("profiles", &sql("'sailor', 'admin'", "")), ["account_type"]);
    let asked = "create table berths (id uuid primary key); create policy clubs on berths for all using (exists (select 1 from profiles where id = auth.uid() and account_type = 'club'));";
    assert_eq!(own_rights("profiles", &sql("'sailor', 'club'", asked)), ["account_type"]);
}

#[test]
fn what_users_have_elsewhere_is_theirs_to_write_down() {
    let sql = |columns: &str, command: &str| {
        format!(
            "create table accounts (id uuid primary key, user_id uuid references auth.users, {columns}, balance numeric);
             create policy change on accounts for update using (auth.uid() = user_id);
             create policy make on accounts for insert with check (auth.uid() = user_id);
             create policy take on accounts for {command} using (auth.uid() = user_id);"
        )
    };
    let none: [&str; 0] = [];
    assert_eq!(own_rights("accounts", &sql("name text, colour text, color text", "delete")), none);
    assert_eq!(own_rights("accounts", &sql("name text, color text", "select")), ["balance"]);
    assert_eq!(own_rights("accounts", &sql("label text", "delete")), ["balance"]);
}

#[test]
fn the_state_of_a_customer_is_for_whoever_keeps_the_list() {
    let sql = |owner: &str| {
        format!(
            "create table customers (id uuid primary key, user_id uuid {owner} references auth.users, status text check (status in ('active', 'gone')));
             create policy own on customers for update using (auth.uid() = user_id);"
        )
    };
    let none: [&str; 0] = [];
    assert_eq!(own_rights("customers", &sql("")), none);
    assert_eq!(own_rights("customers", &sql("unique")), ["status"]);
}
