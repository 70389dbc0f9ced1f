//! What stands for a session: a signature that is worked out again, a row that only the holder of a token names, a payment that
//! the provider confirms; and the answer of a question for a role.

use super::check::Judge;
use super::named::demands_role;
use syntax::Node;
use syntax::view;

impl<'p> Judge<'p> {
    /// Whether a condition holds where the caller could not prove what they sent.
    pub(super) fn is_proven(&self, condition: Node<'p>) -> bool {
        self.compares_signature(condition)
            || self.compares_secret_of_row(condition)
            || self.is_paid(condition)
            || self.any_name(condition, &|declared| by_token(declared))
    }

    /// `expected !== input.signature`, where `expected` is worked out with a key.
    fn compares_signature(&self, condition: Node<'p>) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            let operator = node.child_by_field_name("operator").map(|it| self.reader.tree.text(it));
            if node.kind() == "binary_expression" && matches!(operator, Some("!==" | "!=")) {
                let sides = ["left", "right"].map(|side| node.child_by_field_name(side));
                let [Some(left), Some(right)] = sides else { return true };
                let signs = |declared: &str| {
                    ["createHmac(", "HmacSHA", "subtle.sign("].iter().any(|mark| declared.contains(mark))
                };
                // The bytes of a signature are written as a text first.
                let worked_out = |side: Node<'p>| {
                    self.any_name(side, &signs)
                        || self.any_declared(side, &|value| self.any_name(value, &signs))
                };
                let sent = |side: Node<'p>| {
                    let text = self.reader.tree.text(side).to_ascii_lowercase();
                    ["signature", "hmac", "hash", "sig"].iter().any(|word| text.ends_with(word))
                };
                found |= worked_out(left) && sent(right) || worked_out(right) && sent(left);
            }
            !found
        });
        found
    }

    /// `verify(body, request.headers.get("x-signature"), secret)`
    pub(super) fn takes_signature(&self, call: Node<'p>) -> bool {
        let mut given = view::arguments(call).into_iter();
        given.any(|argument| self.reader.tree.text(argument).to_ascii_lowercase().contains("signature"))
    }

    /// `session.payment_status !== "paid"`, of a payment that the provider was asked about.
    fn is_paid(&self, condition: Node<'p>) -> bool {
        const ASKED: &[&str] =
            &["checkout/sessions/", "transaction/verify", "transactions/verify", "payments/verify"];
        let text = self.reader.tree.text(condition);
        let around = view::enclosing_function(condition);
        let around = around.map_or("", |function| self.reader.tree.text(function));
        text.contains("status") && around.contains("fetch(") && ASKED.iter().any(|mark| around.contains(mark))
    }

    /// `!isAdmin`, `!guard.ok`: the answer of a question for a role by its name, here or where the name is declared.
    pub(super) fn asks_role_by_name(&self, condition: Node<'p>) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            found |= node.kind() == "call_expression" && self.is_question(node);
            !found
        });
        found || self.any_declared(condition, &|value| self.is_question(value))
    }

    /// `!auth.authenticated`, where `const auth = await verifyAdminAuth()`.
    pub(super) fn asks_session_by_name(&self, condition: Node<'p>) -> bool {
        let negated = view::unwrapped(condition);
        negated.kind() == "unary_expression"
            && self.any_declared(negated, &|value| {
                let call = if value.kind() == "await_expression" {
                    view::code_children(value).next()
                } else {
                    Some(value)
                };
                let callee = call.and_then(view::callee).filter(|callee| callee.kind() == "identifier");
                callee.is_some_and(|callee| verifies_session(self.reader.tree.text(callee)))
            })
    }

    /// `requireAdmin(request)`, `isStaff(user.id)`, `client.rpc("has_role", …)`.
    fn is_question(&self, value: Node<'p>) -> bool {
        let mut call = view::unwrapped(value);
        if call.kind() == "await_expression" {
            let Some(inner) = view::code_children(call).next() else { return false };
            call = view::unwrapped(inner);
        }
        let Some(callee) = view::callee(call) else { return false };
        let name = self.reader.tree.text(callee);
        let last = name.rsplit('.').next().unwrap_or(name);
        if last != "rpc" {
            return demands_role(last) || answers_role(last);
        }
        let asked = view::arguments(call).first().copied();
        let asked = asked.and_then(|first| view::string_value(self.reader.tree, first));
        asked.is_some_and(|asked| demands_role(&asked) || answers_role(&asked))
    }

    /// Whether a name in `node` is declared with a text of which `says` holds.
    fn any_name(&self, node: Node<'p>, says: &dyn Fn(&str) -> bool) -> bool {
        self.any_declared(node, &|value| says(self.reader.tree.text(value)))
    }

    /// Whether a name in `node` is declared with a value of which `says` holds.
    pub(super) fn any_declared(&self, node: Node<'p>, says: &dyn Fn(Node<'p>) -> bool) -> bool {
        let mut found = false;
        view::walk(node, &mut |inner| {
            let id = (inner.kind() == "identifier")
                .then(|| self.reader.scopes.binding_at(inner.byte_range()))
                .flatten();
            let declared =
                id.and_then(|id| self.reader.tree.node_at(self.reader.scopes.binding(id).range.clone()));
            let value = declared
                .filter(|declared| declared.kind() == "variable_declarator")
                .and_then(|declared| declared.child_by_field_name("value"));
            found |= value.is_some_and(says);
            !found
        });
        found
    }
}

/// `from("invites").select().eq("token", token)`: whoever names the row has what opens it.
fn by_token(declared: &str) -> bool {
    let asks = declared.contains("await ") && declared.contains(".from(");
    let mut columns = declared.split(".eq(").skip(1).filter_map(|rest| rest.split(['"', '\'']).nth(1));
    let of_state = || declared.split(".from(").nth(1).and_then(|rest| rest.split(')').next());
    asks && columns.any(|column| {
        let opens = |word: &str| matches!(word, "token" | "secret" | "nonce" | "otp" | "apikey" | "hash");
        column.split('_').any(opens)
            || column == "api_key"
            || column == "state" && of_state().is_some_and(|table| table.contains("state"))
    })
}

/// `verifyAdminAuth`, `checkSession`, `requireLogin`.
fn verifies_session(name: &str) -> bool {
    let words = crate::identity::words(name);
    let first = words.first().map_or("", String::as_str);
    let what = ["auth", "session", "login", "authentication"];
    matches!(first, "verify" | "check" | "require" | "validate" | "assert" | "ensure")
        && words.iter().any(|word| what.contains(&word.as_str()))
}

/// `isAdmin`, `has_role`, `has_owner_workspace_access`, `canManageTeam`.
fn answers_role(name: &str) -> bool {
    const WHAT: &str = "admin superadmin staff moderator manager manage owner role roles permission access member \
                        editor operator superuser developer";
    let words = crate::identity::words(name);
    let first = words.first().map_or("", String::as_str);
    matches!(first, "is" | "has" | "can" | "check")
        && words.len() > 1
        && words[1..].iter().any(|word| WHAT.split(' ').any(|known| known == word))
}
