//! What a condition says of the visitor: that the session or a role is missing, or that it is there.

use super::{Reader, Says, Strength, source, words};
use syntax::Node;
use syntax::view;

impl<'p> Reader<'p> {
    /// What is missing where `condition` holds.
    pub(crate) fn missing(&self, condition: Node<'p>) -> Option<Says> {
        self.renew();
        self.missing_within(condition, 0)
    }

    /// What is there where `condition` holds.
    pub(crate) fn given(&self, condition: Node<'p>) -> Option<Says> {
        self.renew();
        self.given_within(condition, 0)
    }

    fn renew(&self) {
        self.fuel.set(400);
    }

    fn missing_within(&self, node: Node<'p>, depth: usize) -> Option<Says> {
        let node = view::unwrapped(node);
        if depth > 10 {
            return None;
        }
        match node.kind() {
            "unary_expression" if self.operator(node) == "!" => {
                self.given_within(node.child_by_field_name("argument")?, depth + 1)
            }
            "binary_expression" => {
                let (left, right) = (node.child_by_field_name("left")?, node.child_by_field_name("right")?);
                match self.operator(node) {
                    "||" => {
                        let (one, other) =
                            (self.missing_within(left, depth + 1), self.missing_within(right, depth + 1));
                        // A session that is missing is asked for first: `!user || user.role !== "admin"` asks for the role.
                        stronger(one, other)
                    }
                    "&&" => {
                        let one = self.missing_within(left, depth + 1);
                        let missing = stronger(one, self.missing_within(right, depth + 1))?;
                        // `user && !leaving` holds for those who are signed in.
                        let there = self.names_session(left, depth) || self.names_session(right, depth);
                        (missing.role.is_some() || !there).then_some(missing)
                    }
                    "===" | "==" => self.compared(node, left, right, true, depth),
                    "!==" | "!=" => self.compared(node, left, right, false, depth),
                    _ => None,
                }
            }
            "call_expression" => {
                // `isGuest(user)` and the like say it the other way round; they are not followed.
                None
            }
            _ => None,
        }
    }

    /// Whether one of the conditions that must all hold is a session itself, and not that it was looked for.
    fn names_session(&self, node: Node<'p>, depth: usize) -> bool {
        let node = view::unwrapped(node);
        match node.kind() {
            "binary_expression" if self.operator(node) == "&&" && depth < 10 => ["left", "right"]
                .iter()
                .filter_map(|side| node.child_by_field_name(side))
                .any(|side| self.names_session(side, depth + 1)),
            "identifier" | "member_expression" => {
                const LOOKED: &[&str] = &[
                    "loaded",
                    "loading",
                    "ready",
                    "initialized",
                    "checked",
                    "resolved",
                    "fetched",
                    "mounted",
                    "done",
                ];
                let words = words(self.tree.text(node));
                !words.iter().any(|word| LOOKED.contains(&word.as_str()))
                    && self.given_within(node, depth + 1).is_some_and(|says| says.role.is_none())
            }
            _ => false,
        }
    }

    pub(super) fn given_within(&self, node: Node<'p>, depth: usize) -> Option<Says> {
        let node = view::unwrapped(node);
        if depth > 10 {
            return None;
        }
        match node.kind() {
            "unary_expression" if self.operator(node) == "!" => {
                self.missing_within(node.child_by_field_name("argument")?, depth + 1)
            }
            "binary_expression" => {
                let (left, right) = (node.child_by_field_name("left")?, node.child_by_field_name("right")?);
                match self.operator(node) {
                    "&&" => stronger(self.given_within(left, depth + 1), self.given_within(right, depth + 1)),
                    "||" => {
                        let one = self.given_within(left, depth + 1)?;
                        stronger(Some(one), Some(self.given_within(right, depth + 1)?))
                    }
                    "===" | "==" => self.compared(node, left, right, false, depth),
                    "!==" | "!=" => self.compared(node, left, right, true, depth),
                    _ => None,
                }
            }
            "call_expression" => self.asked(node),
            "identifier" | "member_expression" | "subscript_expression" | "await_expression" => {
                let text = self.tree.text(node);
                // `response.ok` of a call that asks for the session.
                if text.ends_with(".ok") {
                    let object = node.child_by_field_name("object")?;
                    let strength = self.value(object, 1)?;
                    return (strength == Strength::Flow).then_some(Says { role: None, strength });
                }
                let strength = self.value(node, 0)?;
                let last = text.rsplit(['.', '?']).next().unwrap_or(text);
                Some(Says { role: self.role_of(node, last), strength })
            }
            _ => None,
        }
    }

    /// `isAdmin`, `profile.is_staff`: a flag for some visitors only.
    fn role_of(&self, node: Node<'p>, last: &str) -> Option<String> {
        let flag = source::names_role(last) && !source::words(last).iter().any(|word| word == "email");
        flag.then(|| self.tree.text(node).to_owned())
    }

    /// `["chief"].includes(role)`, `hasRole("chief")`, `isSignedIn()`.
    fn asked(&self, call: Node<'p>) -> Option<Says> {
        let text = self.tree.text(call);
        let callee = view::callee(call)?;
        let name = self.tree.text(callee);
        let last = name.rsplit(['.', '?']).next().unwrap_or(name);
        let arguments = view::arguments(call);
        if matches!(last, "includes" | "has" | "some") {
            let tells = arguments
                .iter()
                .copied()
                .chain(callee.child_by_field_name("object"))
                .filter_map(|part| self.value(part, 1))
                .max()?;
            return Some(Says { role: Some(text.to_owned()), strength: tells });
        }
        let strength = self.value(call, 0)?;
        let role = source::names_role(last).then(|| text.to_owned());
        Some(Says { role, strength })
    }

    /// A comparison; `missing`: whether equality is what is asked about being absent.
    fn compared(
        &self,
        whole: Node<'p>,
        left: Node<'p>,
        right: Node<'p>,
        missing: bool,
        depth: usize,
    ) -> Option<Says> {
        let (left, right) = (view::unwrapped(left), view::unwrapped(right));
        let (value, against) = if is_literal(left) { (right, left) } else { (left, right) };
        let text = self.tree.text(against).trim_matches(['"', '\'', '`']);
        let event = text.to_ascii_lowercase().replace('-', "_");
        if matches!(event.as_str(), "signed_in" | "signed_out") {
            let holds = (event == "signed_out") == missing;
            return holds
                .then(|| self.value(value, depth + 1).map(|strength| Says { role: None, strength }))?;
        }
        let absent = matches!(
            text,
            "null"
                | "undefined"
                | "false"
                | ""
                | "unauthenticated"
                | "anonymous"
                | "guest"
                | "signed-out"
                | "idle"
        );
        let present = matches!(text, "true" | "authenticated" | "signed-in");
        let typeof_test = self.tree.text(value).starts_with("typeof");
        if typeof_test {
            return None;
        }
        if absent && missing {
            let strength = self.value(value, depth + 1)?;
            let last = self.tree.text(value).rsplit(['.', '?']).next().unwrap_or_default().to_owned();
            return Some(Says { role: self.role_of(value, &last), strength });
        }
        if present && !missing {
            return self.given_within(value, depth + 1);
        }
        if absent || present {
            return None;
        }
        // `role !== "chief"`, `member.email !== "…"`: missing where it differs, given where it is the same.
        if missing {
            return None;
        }
        let storage = value.kind() == "call_expression";
        let strength = self
            .value(value, depth + 1)
            .or_else(|| self.value(against, depth + 1).filter(|_| !is_literal(against)))?;
        let text = self.tree.text(whole);
        let address = source::words(text).iter().any(|word| word == "email" || word == "mail");
        let is_role = source::names_role(text) && (!address || text.contains('@') || !is_literal(against));
        let role = (!storage && is_role).then(|| text.to_owned());
        Some(Says { role, strength })
    }

    fn operator(&self, node: Node<'p>) -> &'p str {
        node.child_by_field_name("operator").map_or("", |operator| self.tree.text(operator))
    }
}

fn is_literal(node: Node<'_>) -> bool {
    matches!(node.kind(), "string" | "number" | "true" | "false" | "null" | "undefined" | "template_string")
}

/// Both together: the role of whichever asks for one, the surer of the two.
fn stronger(one: Option<Says>, other: Option<Says>) -> Option<Says> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(Says { role: one.role.or(other.role), strength: one.strength.max(other.strength) })
        }
        (one, other) => one.or(other),
    }
}
