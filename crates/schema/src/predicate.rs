//! What a policy's expression asks for: the visitor, the row, a membership, nothing.
//!
//! An expression becomes an OR of ANDs of [`Ask`]s. What is not understood is [`Ask::Unknown`]: it never counts as open, and
//! never as closed.

use crate::replay::reads;
use crate::sql;
use crate::sql::node::{self, Kind, Node};
use crate::{Function, Name, Schema};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// `true`, `1 = 1`.
    Always,
    /// `false`.
    Never,
    /// The own column is null: `user_id is null`.
    Nobody(String),
    /// Somebody is signed in: `auth.uid() is not null`.
    SignedIn,
    /// Nobody is: `auth.role() = 'anon'`.
    Anonymous,
    /// `auth.uid() = column`: the row's column is the visitor.
    Owner(String),
    /// The path of a file begins with the visitor's id.
    Folder,
    /// The service role, which policies do not bind anyway.
    Service,
    /// What the visitor can write into their own token: `user_metadata`.
    Forgeable,
    /// A condition over the row alone: these columns.
    Row(Vec<String>),
    /// A subquery or a function that names the visitor: a membership, a role.
    Member,
    /// A subquery that does not name the visitor.
    Exists,
    /// Not understood.
    Unknown,
}

/// An OR of ANDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// Any one of these, all parts of it.
    pub any: Vec<Vec<Ask>>,
}

/// How far an expression opens the door to those whom the policy's roles let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opening {
    /// For nobody, or only for the service role.
    Closed,
    /// For the visitor's own rows, or through a membership.
    Scoped,
    /// It cannot be told.
    Unknown,
    /// For whoever is signed in.
    SignedIn,
    /// For everybody, for rows of a certain state.
    SomeRows,
    /// For everybody.
    Everybody,
}

/// What was read, by table and expression: every lint and every codemod asks for the same ones. A copy starts empty.
#[derive(Debug, Default)]
pub(crate) struct Read(Mutex<HashMap<(Name, String), Predicate>>);

impl Clone for Read {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Predicate {
    /// Reads an expression over the rows of `own`.
    pub fn of(schema: &Schema, own: &Name, expression: &str) -> Self {
        let key = (own.clone(), expression.to_owned());
        let lock = || schema.read.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = lock().get(&key) {
            return read.clone();
        }
        let read = Self::read(schema, own, expression);
        lock().insert(key, read.clone());
        read
    }

    fn read(schema: &Schema, own: &Name, expression: &str) -> Self {
        // Parentheses make any expression one statement; a comment may end it.
        let text = format!("select ({expression}\n)");
        let statement = sql::parse(&text);
        let target = statement.node.filter(|_| statement.error.is_none());
        let root =
            target.and_then(|node| node::find(&node, Kind::TARGET)).and_then(|it| node::expression(&it));
        let reader = Reader { schema, own };
        let any = root.map_or_else(|| vec![vec![Ask::Unknown]], |root| reader.any(&root));
        Self { any }.simple()
    }

    /// Without what cannot hold, and without `true` beside something else.
    fn simple(mut self) -> Self {
        self.any.retain(|all| !all.contains(&Ask::Never));
        for all in &mut self.any {
            all.sort();
            all.dedup();
            if all.len() > 1 {
                all.retain(|ask| *ask != Ask::Always);
            }
        }
        self
    }

    /// How far it opens.
    pub fn opening(&self) -> Opening {
        self.any.iter().map(|all| opening(all)).max().unwrap_or(Opening::Closed)
    }

    /// Whether a branch lets through whoever writes the right thing into their own token.
    pub fn forgeable(&self) -> bool {
        self.any.iter().any(|all| {
            all.contains(&Ask::Forgeable)
                && all
                    .iter()
                    .all(|ask| !matches!(ask, Ask::Owner(_) | Ask::Folder | Ask::Member | Ask::Service))
        })
    }

    /// Columns that name the visitor in some branch.
    pub fn owners(&self) -> Vec<&str> {
        let asks = self.any.iter().flatten();
        let mut owners: Vec<_> = asks
            .filter_map(|ask| match ask {
                Ask::Owner(column) => Some(column.as_str()),
                _ => None,
            })
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Whether every branch asks that one of `columns` be null.
    pub fn is_nobodys(&self, columns: &[String]) -> bool {
        let nobody = |ask: &Ask| matches!(ask, Ask::Nobody(column) if columns.contains(column));
        !self.any.is_empty() && self.any.iter().all(|all| all.iter().any(nobody))
    }

    /// Whether some branch asks for the owner and for nobody's membership or role besides.
    pub fn is_owners_alone(&self) -> bool {
        self.any.iter().any(|all| {
            all.iter().any(|ask| matches!(ask, Ask::Owner(_)))
                && !all.iter().any(|ask| matches!(ask, Ask::Member | Ask::Exists | Ask::Unknown))
        })
    }

    /// Whether every branch needs somebody signed in.
    pub fn needs_session(&self) -> bool {
        let needs = |ask: &Ask| matches!(ask, Ask::SignedIn | Ask::Owner(_) | Ask::Folder | Ask::Service);
        !self.any.is_empty() && self.any.iter().all(|all| all.iter().any(needs))
    }
}

fn opening(all: &[Ask]) -> Opening {
    let has = |wanted: &Ask| all.contains(wanted);
    if has(&Ask::Service) {
        return Opening::Closed;
    }
    if all.iter().any(|ask| matches!(ask, Ask::Owner(_) | Ask::Folder | Ask::Member)) {
        return Opening::Scoped;
    }
    if has(&Ask::Unknown) {
        return Opening::Unknown;
    }
    if has(&Ask::SignedIn) || has(&Ask::Forgeable) {
        return Opening::SignedIn;
    }
    let some = |ask: &Ask| matches!(ask, Ask::Row(_) | Ask::Nobody(_) | Ask::Exists);
    if all.iter().any(some) { Opening::SomeRows } else { Opening::Everybody }
}

struct Reader<'s> {
    schema: &'s Schema,
    own: &'s Name,
}

impl Reader<'_> {
    fn any(&self, node: &Node) -> Vec<Vec<Ask>> {
        let sides = || node.children().filter(|it| node::is_expression(it.kind())).collect::<Vec<_>>();
        match node.kind() {
            Kind::PAREN_EXPR => match node::expression(node) {
                Some(inner) if inner.kind() == Kind::SELECT => self.scalar(&inner, node),
                Some(inner) => self.any(&inner),
                None => vec![vec![Ask::Unknown]],
            },
            Kind::BIN_EXPR if node::has(node, Kind::OR_KW) => {
                sides().iter().flat_map(|side| self.any(side)).collect()
            }
            Kind::BIN_EXPR if node::has(node, Kind::AND_KW) => {
                let mut all: Vec<Vec<Ask>> = vec![Vec::new()];
                for side in sides() {
                    let parts = self.any(&side);
                    all = all
                        .iter()
                        .flat_map(|one| {
                            parts.iter().map(move |part| [one.as_slice(), part.as_slice()].concat())
                        })
                        .collect();
                    // An expression is never that wide; what is, is not looked into.
                    all.truncate(64);
                }
                all
            }
            _ => vec![vec![self.one(node)]],
        }
    }

    /// `(select auth.uid() = user_id)`, `(select is_admin())`: a SELECT of one value without FROM is that value.
    fn scalar(&self, select: &Node, around: &Node) -> Vec<Vec<Ask>> {
        let target = node::find(select, Kind::TARGET).and_then(|it| node::expression(&it));
        match target {
            Some(target) if node::child(select, Kind::FROM_CLAUSE).is_none() => self.any(&target),
            _ => vec![vec![self.asked(around)]],
        }
    }

    fn one(&self, node: &Node) -> Ask {
        let text = flat(node);
        match node.kind() {
            Kind::LITERAL if text == "true" => Ask::Always,
            Kind::LITERAL if text == "false" || text == "null" => Ask::Never,
            Kind::BIN_EXPR => self.compared(node, &text),
            Kind::PREFIX_EXPR if node::has(node, Kind::NOT_KW) => {
                let inner = node::expression(node).map(|it| self.any(&it));
                match inner.as_deref() {
                    Some([all]) if all.as_slice() == [Ask::Always] => Ask::Never,
                    Some([all]) if all.as_slice() == [Ask::Never] => Ask::Always,
                    _ => self.asked(node),
                }
            }
            _ => self.asked(node),
        }
    }

    fn compared(&self, node: &Node, text: &str) -> Ask {
        let sides: Vec<_> = node.children().filter(|it| node::is_expression(it.kind())).collect();
        let [left, right] = sides.as_slice() else { return self.asked(node) };
        let (one, two) = (flat(left), flat(right));
        if node::has(node, Kind::EQ) {
            if left.kind() == Kind::LITERAL && right.kind() == Kind::LITERAL {
                return if one == two { Ask::Always } else { Ask::Never };
            }
            for (side, other, value) in [(left, right, &two), (right, left, &one)] {
                let said = flat(side);
                if is_role(&said) {
                    return match value.trim_matches('\'') {
                        "authenticated" => Ask::SignedIn,
                        "anon" => Ask::Anonymous,
                        "service_role" | "supabase_admin" => Ask::Service,
                        _ => Ask::Unknown,
                    };
                }
                if (is_visitor(&said) || is_visitor_email(&said))
                    && let Some(column) = self.column_of(other)
                {
                    return Ask::Owner(column);
                }
                if is_visitor(&said)
                    && (value.contains("foldername(")
                        || value.contains("split_part(name")
                        || value.contains("path_tokens"))
                {
                    return Ask::Folder;
                }
                if is_visitor(&said) && is_visitor(value) {
                    return Ask::SignedIn;
                }
            }
        }
        if node::has(node, Kind::IS_NOT) && two == "null" && (is_visitor(&one) || is_role(&one)) {
            return Ask::SignedIn;
        }
        if node::has(node, Kind::IS_KW) && two == "null" && is_visitor(&one) {
            return Ask::Anonymous;
        }
        if node::has(node, Kind::IS_KW)
            && two == "null"
            && let Some(column) = self.column_of(left)
        {
            return Ask::Nobody(column);
        }
        if node::has(node, Kind::LIKE_KW) && one == "name" && text.contains("auth.uid()") {
            return Ask::Folder;
        }
        // `auth.uid() in (owner_id, buyer_id)`, `auth.uid() = any(members)`.
        if is_visitor(&one)
            && (node::has(node, Kind::IN_KW) || node::has(node, Kind::EQ))
            && node::find(right, Kind::SELECT).is_none()
        {
            let names = right.descendants().chain([right.clone()]).filter(|it| it.kind() == Kind::NAME_REF);
            let own = names.filter_map(|it| self.column_of(&it)).next();
            if let Some(column) = own {
                return Ask::Owner(column);
            }
        }
        self.asked(node)
    }

    /// The own column that an expression is, casts looked through.
    fn column_of(&self, node: &Node) -> Option<String> {
        let mut node = node.clone();
        while matches!(node.kind(), Kind::CAST_EXPR | Kind::PAREN_EXPR) {
            node = node::expression(&node)?;
        }
        let column = match node.kind() {
            Kind::NAME_REF => node::path(&node).pop()?,
            Kind::FIELD_EXPR => {
                let path = node::path(&node);
                let of = path.get(path.len().checked_sub(2)?)?;
                if *of != self.own.name {
                    return None;
                }
                path.last()?.clone()
            }
            _ => return None,
        };
        let table = self.schema.tables.get(self.own)?;
        table.column(&column).map(|_| column)
    }

    /// What any other expression asks for, by what it reads.
    fn asked(&self, node: &Node) -> Ask {
        let text = flat(node);
        if text.contains("user_metadata") || text.contains("raw_user_meta_data") {
            return Ask::Forgeable;
        }
        if text.contains("service_role") {
            return Ask::Service;
        }
        let reads = reads::of_expression(self.schema, self.own, node);
        let calls: Vec<&Function> = self
            .schema
            .functions
            .iter()
            .filter(|function| reads.functions.contains(&function.name))
            .collect();
        if calls.iter().any(|function| forgeable_body(function)) {
            return Ask::Forgeable;
        }
        let visitor =
            names_visitor(&text) || calls.iter().any(|function| names_visitor(&flat_text(&function.body)));
        if visitor {
            let storage =
                self.own.schema == "storage" && (text.contains("foldername(") || text.contains("name"));
            return if storage && reads.tables.is_empty() && calls.is_empty() {
                Ask::Folder
            } else {
                Ask::Member
            };
        }
        if let [function] = calls.as_slice()
            && node.kind() == Kind::CALL_EXPR
        {
            let body = flat_text(&function.body);
            let constant = body.trim_end_matches(';');
            return if matches!(constant, "select true" | "begin return true; end") {
                Ask::Always
            } else {
                Ask::Unknown
            };
        }
        // A function of the app that no SQL of the tree makes: what it asks for is not known.
        let unmade = |function: &Name| {
            text.contains(&format!("public.{}(", function.name))
                || ["is_", "has_", "can_"].iter().any(|word| function.name.starts_with(word))
        };
        let unmade = calls.is_empty() && reads.functions.iter().any(unmade);
        if text.contains("current_setting(") || text.contains("current_user") || !calls.is_empty() || unmade {
            return Ask::Unknown;
        }
        if !reads.tables.is_empty() {
            return Ask::Exists;
        }
        let own = reads.columns.into_iter().filter(|(table, _)| table == self.own).map(|(_, column)| column);
        let own: Vec<_> = own.collect();
        if own.is_empty() { Ask::Unknown } else { Ask::Row(own) }
    }
}

fn forgeable_body(function: &Function) -> bool {
    let body = flat_text(&function.body);
    body.contains("user_metadata'") && body.contains("auth.jwt()")
}

/// Lower case, blanks folded, quotes kept; `(select x)` read as `x`.
fn flat(node: &Node) -> String {
    flat_text(&node::text(node))
}

fn flat_text(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut flat = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    for call in ["auth.uid()", "auth.role()", "auth.jwt()", "auth.email()"] {
        for wrapped in [
            format!("( select {call} as uid)"),
            format!("(select {call})"),
            format!("( select {call} )"),
            format!("(select {call} )"),
            format!("( select {call})"),
        ] {
            flat = flat.replace(&wrapped, call);
        }
    }
    flat
}

fn names_visitor(text: &str) -> bool {
    ["auth.uid()", "auth.jwt()", "auth.email()", "request.jwt"].iter().any(|call| text.contains(call))
}

fn is_visitor(text: &str) -> bool {
    let bare = text.trim_start_matches('(').trim_end_matches(')').trim();
    let bare = bare
        .strip_suffix("::text")
        .or_else(|| bare.strip_suffix("::uuid"))
        .unwrap_or(bare)
        .trim_end_matches(')');
    matches!(bare, "auth.uid(" | "auth.uid()" | "auth.jwt() ->> 'sub'")
}

fn is_visitor_email(text: &str) -> bool {
    let bare = text.replace(['(', ')'], "");
    matches!(bare.trim_end_matches("::text"), "auth.email" | "auth.jwt ->> 'email'" | "auth.jwt->>'email'")
}

fn is_role(text: &str) -> bool {
    let bare = text.replace(['(', ')'], "");
    matches!(
        bare.trim_end_matches("::text"),
        "auth.role"
            | "auth.jwt ->> 'role'"
            | "auth.jwt->>'role'"
            | "current_setting'role'"
            | "current_setting'request.jwt.claim.role'"
            | "current_setting'request.jwt.claim.role', true"
    )
}

#[cfg(test)]
mod tests {
    use super::Predicate;
    use crate::{Name, Schema, Source};

    #[test]
    fn an_owner_who_must_be_something_besides_is_not_alone() {
        let sql = "create table posts (id uuid, given_by uuid, club_id uuid, rank text);
            create table clubs (id uuid, chief uuid);
            create function leads(club uuid) returns boolean language sql security definer as $$ select exists (select 1 from clubs where id = club and chief = auth.uid()) $$;";
        let schema = Schema::of(&[Source { file: edit::FileId(0), path: "one.sql", text: sql }]);
        let posts = Name { schema: "public".to_owned(), name: "posts".to_owned() };
        let alone = |text: &str| Predicate::of(&schema, &posts, text).is_owners_alone();
        assert!(alone("auth.uid() = given_by"));
        assert!(alone("auth.uid() = given_by and rank = 'mate'"));
        assert!(alone("leads(club_id) or auth.uid() = given_by"));
        assert!(!alone("leads(club_id) and auth.uid() = given_by"));
        assert!(!alone("leads(club_id)"));
    }
}
