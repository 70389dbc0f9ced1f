//! How dangerous a policy is: role by command by predicate by what the table holds.
//!
//! [`Grade::Ok`] is said only of what is understood; what may be lethal and may be meant is [`Grade::Review`].

use crate::holdings::Holdings;
use crate::lexicon::words;
use crate::lexicon::{INTAKE, SERVICE, UNSERVED};
use crate::predicate::{Opening, Predicate};
use crate::{Name, Policy, Schema, Table};

/// How dangerous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It does what such a table needs.
    Ok,
    /// It may well be what such a table needs; whoever knows it can say so at a glance.
    Notice,
    /// Somebody must say whether it is meant.
    Review,
    /// Somebody can read or do what they must not.
    Hole,
}

/// What is wrong with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It trusts what visitors write into their own token.
    Forgeable,
    /// It lets rows be written by people whose they are not.
    OpenWrite,
    /// It lets rows be read by people whom they do not concern.
    OpenRead,
    /// The owner of a row may change what they may do.
    Privileged,
    /// It asks its own table, which asks it again.
    Recursion,
    /// An owner may give the row away.
    GivenAway,
    /// It is not understood.
    Unknown,
    /// Row level security is off, so it is not asked.
    Unasked,
}

/// A grade and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How dangerous.
    pub grade: Grade,
    /// What is wrong; `None` if nothing is.
    pub fault: Option<Fault>,
    /// One sentence.
    pub why: String,
}

impl Verdict {
    pub(crate) fn new(grade: Grade, fault: Fault, why: impl Into<String>) -> Self {
        Self { grade, fault: Some(fault), why: why.into() }
    }

    pub(crate) fn ok(why: impl Into<String>) -> Self {
        Self { grade: Grade::Ok, fault: None, why: why.into() }
    }
}

/// Who gets through, in words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Crowd {
    Visitors,
    Everybody,
}

impl Crowd {
    fn shown(self) -> &'static str {
        match self {
            Self::Visitors => "whoever signs up",
            Self::Everybody => "anybody, without signing in,",
        }
    }
}

impl Schema {
    /// Grades one policy of a table: the worst that is found.
    pub fn grade(&self, name: &Name, policy: &Policy) -> Verdict {
        let all = self.verdicts(name, policy).into_iter();
        let worst = all
            .max_by_key(|verdict| (verdict.fault.is_some(), verdict.grade, std::cmp::Reverse(verdict.fault)));
        worst.unwrap_or_else(|| Verdict::ok("The table is gone."))
    }

    /// Everything that is wrong with a policy, each fault once; one verdict that says why it is fine if nothing is.
    pub fn verdicts(&self, name: &Name, policy: &Policy) -> Vec<Verdict> {
        let Some(table) = self.tables.get(name) else { return Vec::new() };
        if let Some(alone) = self.beyond_question(name, table, policy) {
            return vec![alone];
        }
        let asked = Asked::of(self, name, table, policy);
        let mut verdicts = vec![asked.forged(), asked.read(), asked.written(), asked.owned()];
        verdicts.retain(|verdict| verdict.fault.is_some());
        verdicts.sort_by_key(|verdict| (verdict.fault, std::cmp::Reverse(verdict.grade)));
        verdicts.dedup_by_key(|verdict| verdict.fault);
        if verdicts.is_empty() { vec![Verdict::ok(asked.fine())] } else { verdicts }
    }

    /// What is said before the expressions are looked into.
    fn beyond_question(&self, name: &Name, table: &Table, policy: &Policy) -> Option<Verdict> {
        let alone = if !table.row_security {
            Verdict::new(
                Grade::Review,
                Fault::Unasked,
                "Row level security is off for this table: no policy of it is asked.",
            )
        } else if policy.roles.iter().all(|role| SERVICE.has(role)) {
            Verdict::ok("Only for the service, which no policy binds.")
        } else if UNSERVED.has(&name.schema) {
            Verdict::ok("The API does not serve this schema.")
        } else if self.recurses(name, policy) {
            Verdict::new(
                Grade::Hole,
                Fault::Recursion,
                format!(
                    "It asks `{0}` while it decides about `{0}`: PostgreSQL refuses every such query with \"infinite recursion\".",
                    name.name
                ),
            )
        } else if !policy.permissive {
            Verdict::ok("It only narrows what others allow.")
        } else {
            return None;
        };
        Some(alone)
    }
}

/// A policy beside what it stands on.
pub(crate) struct Asked<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) name: &'s Name,
    pub(crate) policy: &'s Policy,
    pub(crate) holds: Holdings,
    pub(crate) using: Option<Predicate>,
    check: Option<Predicate>,
    crowd: Crowd,
    /// A restrictive policy stands beside it.
    pub(crate) narrowed: bool,
}

impl<'s> Asked<'s> {
    fn of(schema: &'s Schema, name: &'s Name, table: &'s Table, policy: &'s Policy) -> Self {
        let read = |text: &Option<String>| text.as_ref().map(|text| Predicate::of(schema, name, text));
        let open = policy.roles.iter().any(|role| role == "public" || role == "anon");
        let narrows =
            |other: &Policy| !other.permissive && (other.command == "all" || other.command == policy.command);
        Self {
            schema,
            name,
            policy,
            holds: schema.holdings(name),
            using: read(&policy.using),
            check: read(&policy.check),
            crowd: if open { Crowd::Everybody } else { Crowd::Visitors },
            narrowed: table.policies.iter().any(narrows),
        }
    }

    /// How far it lets rows be reached, and who is meant: `true` for the roles, a session asked for inside narrows them.
    pub(crate) fn reach(&self, predicate: Option<&Predicate>) -> (Opening, Crowd) {
        // Without an expression nothing passes: `for all with check (true)` only lets rows in.
        let opening = predicate.map_or(Opening::Closed, Predicate::opening);
        match opening {
            Opening::SignedIn => (Opening::Everybody, Crowd::Visitors),
            other => (other, self.crowd),
        }
    }

    pub(crate) fn does(&self, command: &str) -> bool {
        self.policy.command == "all" || self.policy.command == command
    }

    fn forged(&self) -> Verdict {
        let forged = self.using.iter().chain(&self.check).any(Predicate::forgeable);
        if !forged {
            return Verdict::ok("");
        }
        Verdict::new(
            Grade::Hole,
            Fault::Forgeable,
            "It trusts `user_metadata`, which each user writes themselves.",
        )
    }

    /// The worst that the policy lets be written, with everything that is as bad as that in its words.
    fn written(&self) -> Verdict {
        let done: Vec<_> = ["insert", "update", "delete"]
            .into_iter()
            .filter(|command| self.does(command))
            .map(|command| (command, self.written_by(command)))
            .collect();
        let mut worst = Verdict::ok("");
        for (_, verdict) in &done {
            if (verdict.fault.is_some(), verdict.grade) > (worst.fault.is_some(), worst.grade) {
                worst = verdict.clone();
            }
        }
        let alike = |verdict: &Verdict| verdict.fault == worst.fault && verdict.grade == worst.grade;
        let mut commands: Vec<_> =
            done.iter().filter(|(_, verdict)| alike(verdict)).map(|(command, _)| *command).collect();
        if worst.fault == Some(Fault::OpenWrite) {
            let crowd = |command: &str| self.reach(self.asked_by(command)).1;
            let alike = |command: &str| (crowd(command), self.is_bounded(command));
            let first = commands.first().map(|command| alike(command));
            commands.retain(|command| Some(alike(command)) == first);
            worst.why = self.open_to(&commands);
        }
        worst
    }

    /// Who can do what to which rows, where they can do it: of several commands, as the last one lets them.
    fn open_to(&self, commands: &[&str]) -> String {
        let Some(last) = commands.last() else { return String::new() };
        let (opening, crowd) = self.reach(self.asked_by(last));
        let table = &self.name.name;
        let alone = commands.len() == 1;
        let storage = self.name.schema == "storage";
        let verbs: Vec<_> = commands
            .iter()
            .map(|command| match *command {
                "insert" if !storage => "insert",
                other => verb(other),
            })
            .collect();
        let verbs = match verbs.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
            None => String::new(),
        };
        let what = match (storage, alone && *last == "insert") {
            (true, true) => "add files under any name in the bucket: only the bucket is checked".to_owned(),
            (true, false) if commands.contains(&"insert") => {
                format!("{verbs} any files in the bucket: only the bucket is checked")
            }
            (true, false) => format!("{verbs} files of others in the bucket: only the bucket is checked"),
            (false, true) => format!("insert rows into `{table}`"),
            (false, false) => {
                let some = opening == Opening::SomeRows;
                format!("{verbs} {} of `{table}`", if some { "rows of a certain state" } else { "any row" })
            }
        };
        let forged = commands.contains(&"insert")
            && !storage
            && !self.holds.owners.is_empty()
            && !self.is_own("insert");
        let tail = match () {
            () if forged => ", also in the name of others.",
            () if self.is_bounded(last) => " that its policies for reading show them.",
            () => ".",
        };
        format!("{} can {what}{tail}", sentence(crowd))
    }

    /// The expression that a row must meet for a command.
    pub(crate) fn asked_by(&self, command: &str) -> Option<&Predicate> {
        match command {
            "insert" => self.check.as_ref().or(self.using.as_ref()),
            _ => self.using.as_ref(),
        }
    }

    /// Whether the policies for reading keep an open UPDATE or DELETE to some rows: PostgreSQL asks them of every row that a statement looks
    /// up, and the API sends none that looks up nothing.
    fn is_bounded(&self, command: &str) -> bool {
        let Some(table) = self.schema.tables.get(self.name).filter(|_| command != "insert") else {
            return false;
        };
        let read = table.policies.iter().filter(|policy| {
            policy.permissive
                && matches!(policy.command.as_str(), "select" | "all")
                && !policy.roles.iter().all(|role| SERVICE.has(role))
        });
        let opening = read
            .filter_map(|policy| policy.using.as_ref())
            .map(|text| Predicate::of(self.schema, self.name, text).opening());
        self.name.schema != "storage" && opening.max().is_some_and(|widest| widest <= Opening::Scoped)
    }

    fn written_by(&self, command: &str) -> Verdict {
        let (opening, crowd) = self.reach(self.asked_by(command));
        match opening {
            Opening::Closed => return Verdict::ok(""),
            Opening::Unknown => {
                return Verdict::new(Grade::Review, Fault::Unknown, "What it asks for is not understood.");
            }
            Opening::Scoped => return self.given_away(command),
            _ => {}
        }
        let holds = &self.holds;
        let told = |grade| Verdict::new(grade, Fault::OpenWrite, self.open_to(&[command]));
        if self.name.schema == "storage" {
            // Whoever has an account adds what the app did not ask for; nothing of others is touched by that.
            let adds = command == "insert" && crowd == Crowd::Visitors;
            return told(if adds { Grade::Review } else { Grade::Hole });
        }
        let weighty = !holds.money.is_empty() || !holds.privileged.is_empty() || !holds.secret.is_empty();
        let grade = if self.narrowed
            || self.is_bounded(command) && !(weighty && opening == Opening::Everybody)
            || command == "insert" && self.is_own(command)
        {
            Grade::Review
        } else if command == "insert" {
            let intake = INTAKE.has_any(&words(&self.name.name))
                || self.notes_events()
                || self.is_form()
                || self.is_fixed(command);
            match crowd {
                _ if !holds.privileged.is_empty() && !intake => Grade::Hole,
                Crowd::Everybody if intake => Grade::Review,
                Crowd::Everybody => Grade::Hole,
                Crowd::Visitors if weighty && !intake => Grade::Hole,
                Crowd::Visitors => Grade::Review,
            }
        } else {
            match crowd {
                Crowd::Everybody => Grade::Hole,
                Crowd::Visitors
                    if weighty || !holds.owners.is_empty() || !holds.personal.is_empty() || holds.private =>
                {
                    Grade::Hole
                }
                Crowd::Visitors => Grade::Review,
            }
        };
        told(grade)
    }

    /// `using (own) with check (true)`: the row may be given to somebody else.
    fn given_away(&self, command: &str) -> Verdict {
        if command != "update" {
            return Verdict::ok("");
        }
        let check = self.check.as_ref().map(Predicate::opening);
        let owner = self.using.as_ref().is_some_and(|using| !using.owners().is_empty());
        if owner && check == Some(Opening::Everybody) {
            return Verdict::new(
                Grade::Review,
                Fault::GivenAway,
                format!("The owner of a row of `{}` may put somebody else's id into it.", self.name.name),
            );
        }
        Verdict::ok("")
    }

    fn owned(&self) -> Verdict {
        let own = self.using.iter().chain(&self.check).any(|predicate| !predicate.owners().is_empty());
        if !own {
            return Verdict::ok("");
        }
        let columns = self.schema.self_granted(self.name, self.policy);
        if columns.is_empty() {
            return Verdict::ok("");
        }
        let shown: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
        // One row a user: it is the visitor's own standing. Elsewhere the word may mean something else.
        let grade = if self.holds.of_users { Grade::Hole } else { Grade::Review };
        Verdict::new(
            grade,
            Fault::Privileged,
            format!("Each user may write {} of their own row of `{}`.", shown.join(", "), self.name.name),
        )
    }

    fn fine(&self) -> String {
        let opening = self.using.iter().chain(&self.check).map(Predicate::opening).max();
        match opening {
            Some(Opening::Scoped) => "It asks whose row it is.".to_owned(),
            Some(Opening::Closed) => "It lets nobody through but the service.".to_owned(),
            _ if self.name.schema == "storage" => "Files of the bucket may be read.".to_owned(),
            _ => format!("`{}` looks like something to be read by everybody.", self.name.name),
        }
    }
}

pub(crate) fn sentence(crowd: Crowd) -> String {
    let shown = crowd.shown();
    let mut letters = shown.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn verb(command: &str) -> &str {
    match command {
        "insert" => "add",
        "update" => "change",
        _ => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use edit::FileId;

    /// Grades of all policies of the SQL, in order, with their faults.
    fn check(sql: &str, expected: &[(&str, &str)]) {
        let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: sql }]);
        let mut found = Vec::new();
        for (name, table) in &schema.tables {
            for policy in &table.policies {
                let verdict = schema.grade(name, policy);
                let fault = verdict.fault.map_or("-".to_owned(), |fault| format!("{fault:?}"));
                found.push((policy.name.clone(), format!("{:?} {fault}", verdict.grade)));
            }
        }
        let found: Vec<_> = found.iter().map(|(name, grade)| (name.as_str(), grade.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn true_for_writes_is_a_hole_and_true_for_reads_depends_on_the_rows() {
        check(
            "create table piers (id uuid primary key, name text);
             create table crew (id uuid primary key references auth.users, full_name text, phone text);
             create table letters (id uuid primary key, user_id uuid, body text);
             create table contact_requests (id uuid primary key, note text);
             alter table piers enable row level security; alter table crew enable row level security;
             alter table letters enable row level security; alter table contact_requests enable row level security;
             create policy a on contact_requests for insert with check (true);
             create policy b on crew for select using (true);
             create policy c on crew for select to authenticated using (true);
             create policy d on letters for all using (true);
             create policy e on letters for update to authenticated using (auth.uid() is not null);
             create policy f on piers for select using (true);
             create policy g on piers for insert to authenticated with check (auth.role() = 'authenticated');
             create policy h on piers for delete using (1 = 1);
             create policy i on piers for all to service_role using (true);",
            &[
                ("a", "Review OpenWrite"),
                ("b", "Hole OpenRead"),
                ("c", "Review OpenRead"),
                ("d", "Hole OpenWrite"),
                ("e", "Hole OpenWrite"),
                ("f", "Ok -"),
                ("g", "Review OpenWrite"),
                ("h", "Hole OpenWrite"),
                ("i", "Ok -"),
            ],
        );
    }

    #[test]
    fn who_changes_a_row_must_see_it() {
        check(
            "create function is_keeper() returns boolean language sql security definer as 'select exists (select 1 from auth.users where id = auth.uid())';
             create table pairings (id uuid primary key, user_id uuid, state text);
             create table pictures (id uuid primary key, path text, uploaded_by uuid references auth.users);
             alter table pairings enable row level security; alter table pictures enable row level security;
             create policy a on pairings for select using (user_id = auth.uid());
             create policy b on pairings for update using (state = 'waiting') with check (user_id = auth.uid());
             create policy c on pairings for insert with check (true);
             create policy d on pictures for all using (is_keeper());
             create policy e on pictures for select to authenticated using (true);",
            &[("a", "Ok -"), ("b", "Review OpenWrite"), ("c", "Hole OpenWrite"), ("d", "Ok -"), ("e", "Ok -")],
        );
    }

    #[test]
    fn what_is_counted_shown_or_made_up_is_no_secret() {
        check(
            "create table chunks (id uuid primary key, token_estimate integer, body text);
             create table theme_settings (id uuid primary key, token_key text);
             create table sources (id uuid primary key, credentials text, is_sample boolean, user_id uuid);
             create table clubs (id uuid primary key, hook_secret text, archived boolean);
             create table pier_events (id uuid primary key, event_type text);
             create table trial_requests (id uuid primary key, email text);
             alter table trial_requests enable row level security;
             create policy f on trial_requests for insert with check (true);
             alter table chunks enable row level security; alter table theme_settings enable row level security;
             alter table sources enable row level security; alter table clubs enable row level security;
             alter table pier_events enable row level security;
             create policy a on chunks for select using (true);
             create policy b on clubs for select using (archived = false);
             create policy c on pier_events for insert with check (true);
             create policy d on sources for select using (is_sample = true or auth.uid() = user_id);
             create policy e on theme_settings for select using (true);",
            &[
                ("a", "Ok -"),
                ("b", "Hole OpenRead"),
                ("c", "Review OpenWrite"),
                ("d", "Review OpenRead"),
                ("e", "Ok -"),
                ("f", "Review OpenWrite"),
            ],
        );
    }

    #[test]
    fn rows_of_nobody_codes_and_places() {
        check(
            "create table conversations (id uuid primary key, user_id uuid, topic text);
             create table shops (id uuid primary key, owner_id uuid, address text);
             create table scans (id uuid primary key, image_hash text);
             create table vouchers (id uuid primary key, code text, active boolean);
             alter table conversations enable row level security; alter table shops enable row level security;
             alter table scans enable row level security; alter table vouchers enable row level security;
             create policy a on conversations for select to anon using (user_id is null);
             create policy b on scans for select to authenticated using (true);
             create policy c on shops for select using (true);
             create policy d on vouchers for select using (active = true);",
            &[("a", "Review OpenRead"), ("b", "Ok -"), ("c", "Review OpenRead"), ("d", "Review OpenRead")],
        );
    }

    #[test]
    fn a_branch_that_does_not_mention_the_row_opens_everything() {
        check(
            "create table letters (id uuid primary key, user_id uuid, body text); alter table letters enable row level security;
             create policy a on letters for delete using (auth.uid() = user_id or auth.role() = 'authenticated');
             create policy b on letters for delete using (auth.uid() = user_id or true);
             create policy c on letters for delete using (((select auth.uid()) = user_id));
             create policy d on letters for update using (user_id = auth.uid()) with check (true);
             create policy e on letters for select using (auth.uid()::text = user_id::text and body is not null);",
            &[("a", "Review OpenWrite"), ("b", "Review OpenWrite"), ("c", "Ok -"), ("d", "Review GivenAway"), ("e", "Ok -")],
        );
    }

    #[test]
    fn own_rows_with_a_privileged_column() {
        check(
            "create table crew (id uuid primary key references auth.users, full_name text, role text default 'deckhand');
             create table staff (id uuid primary key references auth.users, role text);
             create table push_subscriptions (id uuid primary key references auth.users, subscription text);
             alter table push_subscriptions enable row level security;
             create policy d on push_subscriptions for update using (auth.uid() = id);
             create table guests (id uuid primary key references auth.users, is_vip boolean);
             alter table crew enable row level security; alter table staff enable row level security; alter table guests enable row level security;
             create policy a on crew for update using (auth.uid() = id);
             create policy b on staff for update using (auth.uid() = id);
             create policy c on guests for update using (auth.uid() = id) with check (auth.uid() = id and is_vip = false);
             revoke update on staff from anon, authenticated;",
            &[("a", "Hole Privileged"), ("c", "Ok -"), ("d", "Ok -"), ("b", "Ok -")],
        );
    }

    #[test]
    fn a_guard_of_changes_does_not_keep_who_may_make_the_row() {
        let guarded = |command: &str, events: &str| {
            format!(
                "create table crew (id uuid primary key references auth.users, rank text, is_admin boolean); alter table crew enable row level security;
                 create function keep() returns trigger language plpgsql as $$ begin if new.is_admin then raise exception 'no'; end if; return new; end $$;
                 create trigger keep before {events} on crew for each row execute function keep();
                 create policy a on crew for {command} using (auth.uid() = id);"
            )
        };
        check(&guarded("update", "update"), &[("a", "Ok -")]);
        check(&guarded("all", "update"), &[("a", "Hole Privileged")]);
        check(&guarded("all", "insert or update"), &[("a", "Ok -")]);
    }

    #[test]
    fn trust_in_the_token_and_recursion() {
        check(
            "create table crew (id uuid primary key references auth.users, rank text); alter table crew enable row level security;
             create function is_chief() returns boolean language sql security definer as $$ select exists (select 1 from crew where id = auth.uid() and rank = 'chief') $$;
             create policy a on crew for select using (exists (select 1 from crew c where c.id = auth.uid() and c.rank = 'chief'));
             create policy b on crew for delete using ((auth.jwt() -> 'user_metadata' ->> 'rank') = 'chief');
             create policy c on crew for delete using (is_chief());",
            &[("a", "Hole Recursion"), ("b", "Hole Forgeable"), ("c", "Ok -")],
        );
    }

    #[test]
    fn a_row_whose_state_is_fixed_and_a_form_of_nobody_may_be_meant() {
        check(
            "create table proposals (id uuid primary key, title text, state text, upvotes integer);
             create table moorings (id uuid primary key, user_id uuid, harbour_id uuid);
             create table bookings (id uuid primary key, email text, pier text);
             alter table proposals enable row level security; alter table moorings enable row level security;
             alter table bookings enable row level security;
             create policy a on bookings for insert with check (true);
             create policy b on moorings for insert with check (user_id is not null and harbour_id is not null);
             create policy c on proposals for insert with check (state = 'new' and upvotes = 0);
             create policy f on auth.users for all using (true) with check (true);",
            &[
                ("f", "Ok -"),
                ("a", "Review OpenWrite"),
                ("b", "Hole OpenWrite"),
                ("c", "Review OpenWrite"),
            ],
        );
    }

    #[test]
    fn everything_that_a_policy_opens_is_told() {
        let told = |policy: &str| {
            let sql = format!(
                "create table piers (id uuid primary key, open boolean); alter table piers enable row level security; create policy a on {policy}"
            );
            let schema = Schema::of(&[Source { file: FileId(0), path: "schema.sql", text: &sql }]);
            let mut policies = schema
                .tables
                .iter()
                .flat_map(|(name, table)| table.policies.iter().map(|policy| schema.grade(name, policy).why));
            policies.next().unwrap_or_default()
        };
        assert_eq!(
            told("piers for all using (true);"),
            "Anybody, without signing in, can insert, change and delete any row of `piers`."
        );
        assert_eq!(
            told("piers for all using (open = true) with check (false);"),
            "Anybody, without signing in, can change and delete rows of a certain state of `piers`."
        );
        assert_eq!(
            told("piers for insert with check (true);"),
            "Anybody, without signing in, can insert rows into `piers`."
        );
        assert_eq!(
            told("storage.objects for all using (bucket_id = 'a');"),
            "Anybody, without signing in, can add, change and delete any files in the bucket: only the bucket is checked."
        );
    }

    #[test]
    fn buckets_ask_for_the_path() {
        check(
            "create policy a on storage.objects for insert to authenticated with check (bucket_id = 'a');
             create policy b on storage.objects for insert to authenticated with check (bucket_id = 'a' and (storage.foldername(name))[1] = auth.uid()::text);
             create policy c on storage.objects for select using (bucket_id = 'a');",
            &[("a", "Review OpenWrite"), ("b", "Ok -"), ("c", "Ok -")],
        );
    }
}
