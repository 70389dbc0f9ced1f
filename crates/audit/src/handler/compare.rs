//! What a handler compares: something that was sent with a secret of the environment, and the role of a row.

use super::check::Judge;
use crate::component;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

/// How many names lead from a condition to what it compares.
const HOPS: u8 = 3;

impl<'p> Judge<'p> {
    /// Whether a condition compares what was sent with a value of the environment.
    pub(super) fn compares_secret(&self, condition: Node<'p>) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            if node.kind() == "binary_expression" {
                let operator = node
                    .child_by_field_name("operator")
                    .map_or("", |operator| self.reader.tree.text(operator));
                if matches!(operator, "!==" | "!=" | "===" | "==") {
                    let [left, right] = ["left", "right"].map(|side| node.child_by_field_name(side));
                    let (Some(left), Some(right)) = (left, right) else { return true };
                    found |= self.is_sent_secret(left, right) || self.is_sent_secret(right, left);
                }
            }
            if node.kind() == "call_expression" && self.compares(node) {
                let arguments = view::arguments(node);
                if let [one, other] = arguments[..] {
                    found |= self.is_sent_secret(one, other) || self.is_sent_secret(other, one);
                }
            }
            !found
        });
        found
    }

    fn is_sent_secret(&self, sent: Node<'p>, secret: Node<'p>) -> bool {
        (self.is_from_environment(secret) || self.is_of_settings(secret)) && self.was_sent(sent)
    }

    /// `settings.hookSecret`, `config.apiKey`: a secret of the settings, which read the environment.
    fn is_of_settings(&self, node: Node<'p>) -> bool {
        let node = view::unwrapped(node);
        let field = |name: &str| node.child_by_field_name(name).map(|field| self.reader.tree.text(field));
        let (Some(object), Some(property)) = (field("object"), field("property")) else { return false };
        let holder = object.rsplit('.').next().unwrap_or(object);
        let holds = ["env", "environment", "config", "settings", "serverConfig", "serverEnv"];
        node.kind() == "member_expression" && holds.contains(&holder) && is_secret_name(property)
    }

    /// `house.hook_token !== sent`: the secret of a row that was read, and what was sent.
    pub(super) fn compares_secret_of_row(&self, condition: Node<'p>) -> bool {
        let of_row = |node: Node<'p>| {
            let node = view::unwrapped(node);
            let property =
                node.child_by_field_name("property").filter(|_| node.kind() == "member_expression");
            property.is_some_and(|property| is_secret_name(self.reader.tree.text(property)))
                && self.any_declared(node, &|value| {
                    let text = self.reader.tree.text(value);
                    text.contains("await ") && text.contains(".from(")
                })
        };
        let mut found = false;
        view::walk(condition, &mut |node| {
            let operator = node.child_by_field_name("operator").map(|it| self.reader.tree.text(it));
            if node.kind() == "binary_expression" && matches!(operator, Some("!==" | "!=")) {
                let [left, right] = ["left", "right"].map(|side| node.child_by_field_name(side));
                if let (Some(left), Some(right)) = (left, right) {
                    found |= of_row(left) && self.was_sent(right) || of_row(right) && self.was_sent(left);
                }
            }
            !found
        });
        found
    }

    /// Whether a call compares its two arguments by its name: `safeEqual(sent, expected)`.
    fn compares(&self, call: Node<'p>) -> bool {
        let name = view::callee(call).map_or("", |callee| self.reader.tree.text(callee)).to_ascii_lowercase();
        ["equal", "compare", "matches"].iter().any(|word| name.contains(word))
    }

    /// Whether a value, or the constant that it names, is read from the environment.
    fn is_from_environment(&self, node: Node<'p>) -> bool {
        self.told(node, &|text| {
            let named = || {
                let secret = |part: &str| {
                    part.len() > 5
                        && crate::env::screams(part)
                        && ["SECRET", "KEY", "TOKEN"].iter().any(|word| part.contains(word))
                };
                // A helper that reads it, `required("HOOK_SECRET")`, or a module that checked it, `env.HOOK_SECRET`.
                let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                text.split(['"', '\'']).any(secret)
                    || text
                        .split("env.")
                        .skip(1)
                        .any(|rest| secret(rest.split(|letter| !word(letter)).next().unwrap_or_default()))
            };
            ["process.env", "Deno.env", "import.meta.env"].iter().any(|mark| text.contains(mark)) || named()
        })
    }

    /// Whether a value is cut out of a header of the request.
    pub(super) fn was_header(&self, node: Node<'p>) -> bool {
        self.told(node, &|text| text.contains("headers") || text.contains("header("))
    }

    fn was_sent(&self, node: Node<'p>) -> bool {
        self.told(node, &|text| {
            [
                "headers",
                "searchParams",
                "req.query",
                "req.body",
                "request.json",
                "authorization",
                "header(",
                ".get(",
            ]
            .iter()
            .any(|mark| text.contains(mark))
        }) || self.reader.scopes.binding_at(node.byte_range()).is_some_and(|id| {
            let text = self
                .reader
                .tree
                .source()
                .get(self.reader.scopes.binding(id).range.clone())
                .unwrap_or_default();
            text.contains("await req") || text.contains("json()")
        })
    }

    /// Whether `says` holds for the text of a node, or of the declarations of the names in it; through names and cuts of texts it is
    /// followed further.
    fn told(&self, node: Node<'p>, says: &dyn Fn(&str) -> bool) -> bool {
        self.told_within(node, says, 0)
    }

    fn told_within(&self, node: Node<'p>, says: &dyn Fn(&str) -> bool, hop: u8) -> bool {
        if says(self.reader.tree.text(node)) {
            return true;
        }
        let mut found = false;
        view::walk(node, &mut |inner| {
            if inner.kind() == "identifier"
                && let Some(id) = self.reader.scopes.binding_at(inner.byte_range())
            {
                let range = self.reader.scopes.binding(id).range.clone();
                found |= says(self.reader.tree.source().get(range.clone()).unwrap_or_default());
                let declared =
                    self.reader.tree.node_at(range).filter(|node| node.kind() == "variable_declarator");
                let value = declared.and_then(|declared| declared.child_by_field_name("value"));
                found |= value.is_some_and(|value| {
                    hop < HOPS && self.is_cut(value) && self.told_within(value, says, hop + 1)
                });
            }
            !found
        });
        found
    }

    /// Whether a value is names and cuts of texts: `header.startsWith("Bearer ") ? header.slice(7) : null`. What another call gives
    /// is of that call.
    fn is_cut(&self, value: Node<'p>) -> bool {
        let mut cut = true;
        view::walk(value, &mut |node| {
            cut &= match node.kind() {
                "call_expression" => {
                    let property =
                        view::callee(node).and_then(|callee| callee.child_by_field_name("property"));
                    property.is_some_and(|property| {
                        matches!(
                            self.reader.tree.text(property),
                            "slice"
                                | "substring"
                                | "startsWith"
                                | "replace"
                                | "trim"
                                | "split"
                                | "at"
                                | "toLowerCase"
                        )
                    })
                }
                "new_expression" | "await_expression" => false,
                _ => true,
            };
            cut
        });
        cut
    }

    /// `if (!isFromCron(request))`, where that compares a header with a secret and answers yes or no.
    pub(super) fn is_answer_of_secret(&self, condition: Node<'p>, depth: u8) -> bool {
        if depth > 1 {
            return false;
        }
        let asked = view::unwrapped(condition);
        let negated = asked.kind() == "unary_expression" && self.reader.tree.text(asked).starts_with('!');
        let Some(mut call) = asked.child_by_field_name("argument").filter(|_| negated).map(view::unwrapped)
        else {
            return false;
        };
        if call.kind() == "await_expression" {
            let Some(inner) = view::code_children(call).next() else { return false };
            call = inner;
        }
        let Some(callee) = view::callee(call).filter(|callee| callee.kind() == "identifier") else {
            return false;
        };
        let Some(function) = component::of(self.project, self.file, callee) else { return false };
        let file = self.project.get(function.file);
        let Some(reader) = crate::identity::Reader::of(self.project, file) else { return false };
        let Some(body) =
            reader.tree.node_at(function.range()).and_then(|node| node.child_by_field_name("body"))
        else {
            return false;
        };
        let judge = Judge { project: self.project, file, reader };
        if body.kind() != "statement_block" {
            return judge.is_secret(body) || judge.equals_given(body);
        }
        let answers = crate::trace::returns(body);
        let letters = judge.compares_letters(body);
        let mut compared = false;
        let all = answers.into_iter().flatten().all(|answer| {
            let text = judge.reader.tree.text(answer);
            let secret = judge.is_secret(answer)
                || judge.equals_given(answer)
                || letters && (text.ends_with("=== 0") || text.starts_with('!') || judge.compares(answer));
            compared |= secret;
            secret || text == "false" || is_of_development(text)
        });
        all && compared
    }

    /// Whether a body goes through a secret of the environment and what it was given letter by letter.
    fn compares_letters(&self, body: Node<'p>) -> bool {
        let text = self.reader.tree.text(body);
        let goes = ["charCodeAt(", "timingSafeEqual("].iter().any(|mark| text.contains(mark));
        goes && ["process.env", "Deno.env"].iter().any(|mark| text.contains(mark))
    }

    /// `password === process.env.DOOR_PASSWORD`, where that is a parameter: the caller shows it.
    fn equals_given(&self, node: Node<'p>) -> bool {
        let node = view::unwrapped(node);
        let operator = node.child_by_field_name("operator").map(|it| self.reader.tree.text(it));
        let sides = ["left", "right"].map(|side| node.child_by_field_name(side).map(view::unwrapped));
        let [Some(left), Some(right)] = sides else { return false };
        let given = |side: Node<'p>| {
            let id = self.reader.scopes.binding_at(side.byte_range()).filter(|_| side.kind() == "identifier");
            id.is_some_and(|id| self.reader.scopes.binding(id).declared == Declared::Parameter)
        };
        let held = |side: Node<'p>| {
            let text = self.reader.tree.text(side);
            ["process.env.", "Deno.env.get("].iter().any(|mark| text.starts_with(mark))
        };
        matches!(operator, Some("===" | "==")) && (given(left) && held(right) || given(right) && held(left))
    }

    /// `!bySecret && !byServiceKey`: nobody passes without one of them, and each says that what was sent is a secret.
    pub(super) fn is_unproven(&self, condition: Node<'p>) -> bool {
        let node = view::unwrapped(condition);
        let operator =
            || node.child_by_field_name("operator").map_or("", |operator| self.reader.tree.text(operator));
        let sides = || ["left", "right"].into_iter().filter_map(|side| node.child_by_field_name(side));
        match node.kind() {
            "binary_expression" if operator() == "&&" => sides().all(|side| self.is_unproven(side)),
            "binary_expression" if operator() == "||" => sides().any(|side| self.is_unproven(side)),
            "unary_expression" if operator() == "!" => {
                let asked = node.child_by_field_name("argument").map(view::unwrapped);
                asked.is_some_and(|asked| {
                    asked.kind() == "identifier" && self.any_declared(asked, &|value| self.is_secret(value))
                })
            }
            _ => false,
        }
    }

    /// An expression that holds only where what was sent is a secret of the environment.
    fn is_secret(&self, node: Node<'p>) -> bool {
        let node = view::unwrapped(node);
        let operator =
            || node.child_by_field_name("operator").map_or("", |operator| self.reader.tree.text(operator));
        let sides = || ["left", "right"].into_iter().filter_map(|side| node.child_by_field_name(side));
        match node.kind() {
            "binary_expression" if operator() == "&&" => sides().any(|side| self.is_secret(side)),
            "binary_expression" if operator() == "||" => sides().all(|side| self.is_secret(side)),
            "binary_expression" => matches!(operator(), "===" | "==") && self.compares_secret(node),
            _ => false,
        }
    }

    /// `!member || !["lead", "staff"].includes(member.role)`, `row.role !== "admin"`: the role of a row that was read.
    pub(super) fn asks_role_of_row(&self, condition: Node<'p>) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            found |= node.kind() == "member_expression" && self.is_role_of_row(node);
            !found
        });
        found
    }

    fn is_role_of_row(&self, member: Node<'p>) -> bool {
        let (Some(object), Some(property)) =
            (member.child_by_field_name("object"), member.child_by_field_name("property"))
        else {
            return false;
        };
        if object.kind() != "identifier"
            || !matches!(self.reader.tree.text(property), "role" | "roles" | "user_role")
        {
            return false;
        }
        let Some(id) = self.reader.scopes.binding_at(object.byte_range()) else { return false };
        let declared = self.reader.scopes.binding(id).range.clone();
        let text = self.reader.tree.source().get(declared).unwrap_or_default();
        text.contains("await ")
            && [".from(", "findFirst(", "findUnique(", "findOne(", "findById(", ".query.", "sql`"]
                .iter()
                .any(|mark| text.contains(mark))
    }

    /// `Bearer ${process.env.KEY}`, or `!== process.env.KEY` without a test that it is set: unset, it accepts `Bearer undefined`
    /// or nothing at all.
    pub(super) fn may_be_unset(&self, condition: Node<'p>) -> bool {
        let text = self.reader.tree.text(condition);
        let template = text.contains("${");
        if !template {
            // Compared with nothing, a missing header is `null` and an unset variable `undefined`: they differ.
            return false;
        }
        // A test that the variable is set, anywhere before in the function.
        let function = view::enclosing_function(condition);
        let around = function.map_or(self.reader.tree.source(), |function| self.reader.tree.text(function));
        let mut names: BTreeSet<&str> = BTreeSet::new();
        view::walk(condition, &mut |node| {
            if matches!(node.kind(), "identifier" | "member_expression") {
                names.insert(self.reader.tree.text(node));
            }
            true
        });
        !names.iter().any(|name| {
            around.contains(&format!("!{name} "))
                || around.contains(&format!("!{name})"))
                || around.contains(&format!("{name} &&"))
        })
    }
}

/// `hookSecret`, `webhook_token`, `apiKey`.
fn is_secret_name(name: &str) -> bool {
    let words = crate::identity::words(name);
    matches!(words.last().map(String::as_str), Some("secret" | "token" | "key")) && name != "key"
}

/// `process.env.NODE_ENV !== "production"`: a developer's own machine may go without.
fn is_of_development(answer: &str) -> bool {
    let flat: String = answer.split_whitespace().collect::<String>().replace('\'', "\"");
    let name = flat.strip_prefix("process.env.NODE_ENV").unwrap_or_default();
    matches!(name, "!==\"production\"" | "!=\"production\"" | "===\"development\"" | "==\"development\"")
}
