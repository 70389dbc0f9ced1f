//! Functions and triggers.

use super::{Done, Fail, Replay, kind, reads};
use crate::sql::node::{self, Kind, Node};
use crate::sql::{self, split};
use crate::{Function, Name, Trigger};

impl Replay {
    pub(super) fn create_function(&mut self, node: &Node) -> Done {
        let Some(name) =
            node::name_in(node, Kind::FUNCTION_NAME).or_else(|| node::name_in(node, Kind::PROCEDURE_NAME))
        else {
            return Err(self.unclear("This function"));
        };
        let parameters =
            node::child(node, Kind::PARAM_LIST).map(|list| parameters(&list)).unwrap_or_default();
        let returned = node::child(node, Kind::RET_TYPE);
        let mut returns = returned
            .as_ref()
            .map(|returned| {
                let words: Vec<_> =
                    node::text(returned).split_whitespace().skip(1).map(str::to_owned).collect();
                words.join(" ")
            })
            .unwrap_or_default();
        if returns.to_ascii_lowercase().starts_with("setof ") {
            returns = format!("setof {}", kind::written(&returns).kind);
        } else if !returns.to_ascii_lowercase().starts_with("table") && !returns.is_empty() {
            returns = kind::written(&returns).kind;
        }
        if let Some(own) = returned.as_ref().and_then(kind::of).and_then(|written| written.own) {
            self.type_exists(&own)?;
        }
        for parameter in &parameters {
            if let Some(own) = kind::written(&parameter.written).own {
                self.type_exists(&own)?;
            }
        }
        let arguments: Vec<_> = parameters
            .iter()
            .filter(|parameter| parameter.taken)
            .map(|parameter| (parameter.name.clone(), kind::written(&parameter.written).kind))
            .collect();
        let options = node::child(node, Kind::FUNC_OPTION_LIST);
        let mut function = Function {
            name,
            arguments,
            returns,
            span: Some(self.at),
            definer: false,
            search_path: None,
            language: String::new(),
            body: String::new(),
            procedure: node.kind() == Kind::CREATE_PROCEDURE,
            revoked_from: Vec::new(),
            granted_to: Vec::new(),
        };
        if let Some(options) = &options {
            set_options(&mut function, options);
        }
        if let Some(body) =
            node::child(node, Kind::ATOMIC_BODY).or_else(|| node::child(node, Kind::RETURN_STMT))
        {
            function.language = "sql".to_owned();
            function.body = node::text(&body);
        }
        if function.language == "sql" && self.unchecked != Some(self.at.file) {
            self.sql_body(&function)?;
        }
        let known =
            self.schema.functions.iter().position(|known| same(known, &function.name, &function.kinds()));
        match known {
            Some(_) if !node::has(node, Kind::OR_REPLACE) => {
                Err(Fail::duplicate(format!("The function `{}`", function.name.name)))
            }
            Some(at) => {
                let known = &self.schema.functions[at];
                if row(&known.returns) != row(&function.returns) {
                    return Err(Fail {
                        kind: "duplicate",
                        message: format!(
                            "`{}` exists with another return type, so this statement fails.",
                            function.name.name
                        ),
                    });
                }
                let renamed = known
                    .arguments
                    .iter()
                    .zip(&function.arguments)
                    .any(|((one, _), (other, _))| !one.is_empty() && one != other);
                if renamed {
                    return Err(Fail {
                        kind: "duplicate",
                        message: format!(
                            "`{}` exists with other names of arguments, so this statement fails.",
                            function.name.name
                        ),
                    });
                }
                // Grants outlive a replacement.
                function.revoked_from.clone_from(&known.revoked_from);
                function.granted_to.clone_from(&known.granted_to);
                self.schema.functions[at] = function;
                Ok(())
            }
            None => {
                self.schema.functions.push(function);
                Ok(())
            }
        }
    }

    /// A body in SQL is checked when the function is made.
    fn sql_body(&self, function: &Function) -> Done {
        for range in split::statements(&function.body) {
            let statement = sql::parse(&function.body[range]);
            if let Some(error) = statement.error {
                return Err(Fail {
                    kind: "not-understood",
                    message: format!(
                        "The body of `{}` cannot be read: {}.",
                        function.name.name,
                        super::plainly(error)
                    ),
                });
            }
            let Some(node) = statement.node else { continue };
            let mut reads = reads::of_query(&self.schema, &node);
            // A bare name may be an argument.
            reads.missing.retain(|missing| {
                missing.starts_with("table")
                    || !function.arguments.iter().any(|(name, _)| missing.contains(&format!("`{name}`")))
                        && !missing.contains(&format!("`{}.", function.name.name))
            });
            self.readable(&reads)?;
            for target in node
                .descendants()
                .filter(|it| matches!(it.kind(), Kind::INSERT | Kind::UPDATE | Kind::DELETE))
            {
                if let Some(table) = node::name_in(&target, Kind::RELATION_NAME_REF)
                    && !self.schema.tables.contains_key(&table)
                    && !super::platform::owns(&table.schema)
                    && !self.schema.views.contains_key(&table)
                {
                    return Err(self.missing("table", &table));
                }
            }
        }
        Ok(())
    }

    /// The functions that a signature names; without arguments in parentheses any of the name.
    pub(super) fn signed(&self, signature: &Node) -> Vec<usize> {
        let name = signature.children().find(|it| it.kind() != Kind::PARAM_LIST).map(|it| node::name(&it));
        let Some(name) = name else { return Vec::new() };
        let list = node::child(signature, Kind::PARAM_LIST);
        let kinds = list.map(|list| {
            let taken = parameters(&list).into_iter().filter(|parameter| parameter.taken);
            taken.map(|parameter| kind::written(&parameter.written).kind).collect::<Vec<_>>()
        });
        let fits = |known: &Function| match &kinds {
            Some(kinds) => same(known, &name, kinds),
            None => known.name == name,
        };
        (0..self.schema.functions.len()).filter(|at| fits(&self.schema.functions[*at])).collect()
    }

    pub(super) fn alter_function(&mut self, node: &Node) -> Done {
        let Some(signature) = node.children().find(is_signature) else { return Ok(()) };
        let found = self.signed(&signature);
        let Some(at) = found.first() else {
            let name = signature
                .children()
                .next()
                .map(|it| node::name(&it))
                .unwrap_or_else(|| node::name(&signature));
            return Err(self.missing("function", &name));
        };
        if let Some(options) = node::child(node, Kind::FUNC_OPTION_LIST) {
            set_options(&mut self.schema.functions[*at], &options);
        }
        Ok(())
    }

    pub(super) fn drop_function(&mut self, node: &Node) -> Done {
        let cascade = node::has(node, Kind::CASCADE);
        let signatures: Vec<_> = node.descendants().filter(is_signature).collect();
        for signature in signatures {
            let found = self.signed(&signature);
            let Some(at) = found.first() else {
                if node::has(node, Kind::IF_EXISTS) {
                    continue;
                }
                let name = signature
                    .children()
                    .next()
                    .map(|it| node::name(&it))
                    .unwrap_or_else(|| node::name(&signature));
                return Err(self.missing("function", &name));
            };
            let name = self.schema.functions[*at].name.clone();
            // Overloads may serve the others as well; which one is meant is not looked into.
            let alone = self.schema.functions.iter().filter(|known| known.name == name).count() == 1;
            if alone && !cascade {
                let trigger = self.schema.triggers.iter().find(|trigger| trigger.function == name);
                let mut policies = self.schema.tables.iter().filter(|(_, table)| {
                    table.policies.iter().any(|policy| policy.reads.functions.contains(&name))
                });
                if let Some(by) = trigger
                    .map(|it| it.name.clone())
                    .or_else(|| policies.next().map(|(it, _)| it.name.clone()))
                {
                    return Err(self.needed(&by));
                }
            }
            self.schema.functions.remove(*at);
            if alone {
                self.schema.triggers.retain(|trigger| trigger.function != name);
                for table in self.schema.tables.values_mut() {
                    table.policies.retain(|policy| !policy.reads.functions.contains(&name));
                }
            }
        }
        Ok(())
    }

    pub(super) fn create_trigger(&mut self, node: &Node) -> Done {
        let (Some(name), Some(on)) =
            (node::word_in(node, Kind::TRIGGER), node::child(node, Kind::ON_RELATION))
        else {
            return Err(self.unclear("This trigger"));
        };
        let table = on.children().next().map(|it| node::name(&it)).unwrap_or_else(|| node::name(&on));
        if !self.schema.tables.contains_key(&table) && !self.schema.views.contains_key(&table) {
            return Err(self.missing("table", &table));
        }
        let call = node::children(node, Kind::CALL_EXPR).pop();
        let function = call.and_then(|call| call.children().next()).map(|it| node::name(&it));
        let Some(function) = function else { return Err(self.unclear("This trigger")) };
        let known = self.schema.functions.iter().any(|known| known.name == function);
        if !known
            && !super::platform::owns(&function.schema)
            && !IN_EXTENSIONS.contains(&function.name.as_str())
        {
            return Err(self.missing("function", &function));
        }
        let same = |known: &Trigger| known.name == name && known.table == table;
        if self.schema.triggers.iter().any(same) {
            if !node::has(node, Kind::OR_REPLACE) {
                return Err(Fail::duplicate(format!("The trigger `{name}` on `{}`", table.name)));
            }
            self.schema.triggers.retain(|known| !same(known));
        }
        let events =
            node::child(node, Kind::TRIGGER_EVENT_LIST).map(|it| node::text(&it).to_ascii_lowercase());
        let timing = node.children().find(|it| {
            matches!(it.kind(), Kind::TIMING_AFTER | Kind::TIMING_BEFORE | Kind::TIMING_INSTEAD_OF)
        });
        self.schema.triggers.push(Trigger {
            name,
            table,
            function,
            span: Some(self.at),
            before: timing.is_some_and(|it| it.kind() == Kind::TIMING_BEFORE),
            events: events.unwrap_or_default(),
        });
        Ok(())
    }

    pub(super) fn drop_trigger(&mut self, node: &Node) -> Done {
        let name = node::word_in(node, Kind::TRIGGER_REF).unwrap_or_default();
        let on = node::child(node, Kind::ON_RELATION).or_else(|| node::child(node, Kind::ON_TABLE));
        let Some(table) = on.and_then(|on| on.children().next()).map(|it| node::name(&it)) else {
            return Ok(());
        };
        let before = self.schema.triggers.len();
        self.schema.triggers.retain(|known| !(known.name == name && known.table == table));
        if before == self.schema.triggers.len() && !node::has(node, Kind::IF_EXISTS) {
            return Err(self.missing("trigger", &Name { schema: "public".to_owned(), name }));
        }
        Ok(())
    }
}

/// A returned type without what may be written in several ways: `table(at timestamptz)` is `table(at timestamp with time zone)`.
fn row(returns: &str) -> String {
    let flat = |text: &str| text.to_lowercase().replace("public.", "").split_whitespace().collect::<String>();
    let lower = returns.to_lowercase();
    let inner = lower.trim_start().strip_prefix("table").map(str::trim);
    let Some(inner) = inner.and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')')) else {
        return flat(returns);
    };
    let (mut columns, mut depth) = (vec![String::new()], 0);
    for letter in inner.chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if letter == ',' && depth == 0 {
            columns.push(String::new());
        } else if let Some(last) = columns.last_mut() {
            last.push(letter);
        }
    }
    let columns = columns.iter().map(|column| match column.trim().split_once(char::is_whitespace) {
        Some((name, written)) => format!("{name} {}", flat(&kind::written(written.trim()).kind)),
        None => flat(column),
    });
    format!("table({})", columns.collect::<Vec<_>>().join(","))
}

struct Parameter {
    name: String,
    written: String,
    /// Not OUT, nor a column of TABLE.
    taken: bool,
}

fn parameters(list: &Node) -> Vec<Parameter> {
    let parameters = node::children(list, Kind::PARAM).into_iter();
    parameters
        .map(|parameter| {
            let kind = parameter.children().find(|it| {
                kind::is_type(it.kind())
                    || !matches!(
                        it.kind(),
                        Kind::PARAM_NAME
                            | Kind::PARAM_DEFAULT
                            | Kind::PARAM_OUT
                            | Kind::PARAM_IN
                            | Kind::PARAM_IN_OUT
                            | Kind::PARAM_VARIADIC
                    )
            });
            Parameter {
                name: node::word_in(&parameter, Kind::PARAM_NAME).unwrap_or_default(),
                written: kind.map(|kind| node::text(&kind)).unwrap_or_default(),
                taken: !node::has(&parameter, Kind::PARAM_OUT),
            }
        })
        .collect()
}

fn same(known: &Function, name: &Name, kinds: &[String]) -> bool {
    let bare = |kind: &str| {
        kind.split('(').next().unwrap_or("").to_owned() + if kind.ends_with("[]") { "[]" } else { "" }
    };
    known.name == *name && known.kinds().iter().map(|kind| bare(kind)).eq(kinds.iter().map(|kind| bare(kind)))
}

fn is_signature(node: &Node) -> bool {
    matches!(node.kind(), Kind::FUNCTION_SIG | Kind::PROCEDURE_SIG | Kind::ROUTINE_SIG)
}

fn set_options(function: &mut Function, options: &Node) {
    for option in options.children() {
        match option.kind() {
            Kind::LANGUAGE_FUNC_OPTION => {
                let word = node::text(&option);
                let word = word.split_whitespace().last().unwrap_or("").trim_matches('\'');
                function.language = word.to_ascii_lowercase();
            }
            Kind::SECURITY_DEFINER_FUNC_OPTION => function.definer = true,
            Kind::SECURITY_INVOKER_FUNC_OPTION => function.definer = false,
            Kind::SET_FUNC_OPTION if node::text(&option).to_ascii_lowercase().contains("search_path") => {
                let text = node::text(&option);
                let lower = text.to_ascii_lowercase();
                let value =
                    lower.find("search_path").map(|at| &text[at + "search_path".len()..]).unwrap_or("");
                let value = value.trim_start();
                let value = value
                    .strip_prefix('=')
                    .or_else(|| {
                        value.get(..2).filter(|to| to.eq_ignore_ascii_case("to")).map(|_| &value[2..])
                    })
                    .unwrap_or(value);
                let parts = value.split(',').map(|part| part.trim().trim_matches(['\'', '"']));
                function.search_path = Some(parts.collect::<Vec<_>>().join(", "));
            }
            Kind::RESET_FUNC_OPTION if node::text(&option).to_ascii_lowercase().contains("search_path") => {
                function.search_path = None;
            }
            Kind::AS_FUNC_OPTION => {
                let literal = node::find(&option, Kind::LITERAL);
                function.body = literal.and_then(|it| node::string_value(&it)).unwrap_or_default();
            }
            _ => {}
        }
    }
}

/// Trigger functions that extensions bring.
const IN_EXTENSIONS: [&str; 4] =
    ["moddatetime", "tsvector_update_trigger", "http_request", "suppress_redundant_updates_trigger"];
