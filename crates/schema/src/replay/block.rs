//! DO blocks: conditions over the catalog, loops over it, statements built of text.
//!
//! A block is one statement: if a part fails, nothing of it stays, unless its EXCEPTION section catches it.

use super::catalog::{self, Value, Values};
use super::{Done, Fail, Replay, into};
use crate::Schema;
use crate::sql::node::{self, Kind, Node};
use crate::sql::{self, split};
use squawk_syntax::ast::{self, AstNode};

impl Replay {
    pub(super) fn block(&mut self, node: &Node) -> Done {
        let read = |node: Node| ast::Do::cast(node).and_then(|block| block.plpgsql());
        let Some(mut body) = read(node.clone()) else { return Err(self.unclear("This block")) };
        if !body.errors().is_empty() {
            let spelled = sql::parse(&into::spelled_out(&node::text(node)));
            let other = spelled.node.filter(|_| spelled.error.is_none()).and_then(read);
            body = other.filter(|other| other.errors().is_empty()).unwrap_or(body);
        }
        if let Some(error) = body.errors().first() {
            return Err(Fail {
                kind: "not-understood",
                message: format!("This block cannot be read: {}.", super::plainly(error.message())),
            });
        }
        let base = self.base.take();
        let root = body.syntax();
        let done = match node::child(&root, Kind::PLPGSQL_BLOCK) {
            Some(block) => self.run_block(&block, &mut Values::new()),
            None => Ok(()),
        };
        self.base = base;
        if done.as_ref().is_err_and(Fail::is_jump) { Ok(()) } else { done }
    }

    fn run_block(&mut self, block: &Node, values: &mut Values) -> Done {
        // A statement that fails leaves nothing behind by itself.
        let before = may_stop_halfway(block).then(|| self.schema.clone());
        for declared in
            node::child(block, Kind::PLPGSQL_DECLARE_SECTION).iter().flat_map(|section| section.children())
        {
            let name = node::word_in(&declared, Kind::PLPGSQL_VAR_NAME);
            let default = declared.descendants().find(|it| it.kind() == Kind::PLPGSQL_EXPR);
            if let (Some(name), Some(default)) = (name, default.and_then(|it| inner_expression(&it))) {
                let value = match default.kind() {
                    Kind::ARRAY_EXPR => Some(Value::List(self.list(&default, values))),
                    _ => catalog::value(&self.schema, &default, values).flatten().map(Value::Text),
                };
                if let Some(value) = value {
                    values.insert(name, value);
                }
            }
        }
        let body = node::child(block, Kind::PLPGSQL_BODY);
        let done = body.map_or(Ok(()), |body| self.run_body(&body, values));
        if done.as_ref().err().is_none_or(Fail::is_jump) {
            return done;
        }
        self.undo(before);
        let caught = node::child(block, Kind::PLPGSQL_EXCEPTION_SECTION).is_some();
        if caught { Ok(()) } else { done }
    }

    /// Puts the schema back as it was; what was said of it stays.
    fn undo(&mut self, before: Option<Schema>) {
        if let Some(before) = before {
            let troubles = std::mem::take(&mut self.schema.troubles);
            self.schema = before;
            self.schema.troubles = troubles;
        }
    }

    fn run_body(&mut self, body: &Node, values: &mut Values) -> Done {
        for part in body.children() {
            self.run_part(&part, values)?;
        }
        Ok(())
    }

    /// One round of a loop; whether it is the last.
    fn run_round(&mut self, body: &Node, values: &mut Values) -> Result<bool, Fail> {
        match self.run_body(body, values) {
            Err(fail) if fail.kind == NEXT => Ok(false),
            Err(fail) if fail.kind == OUT => Ok(true),
            done => done.map(|()| false),
        }
    }

    fn run_part(&mut self, part: &Node, values: &mut Values) -> Done {
        match part.kind() {
            Kind::PLPGSQL_IF_STMT => self.run_if(part, values),
            Kind::PLPGSQL_FOR_QUERY_STMT => {
                let variable = node::word_in(part, Kind::PLPGSQL_VAR_NAME_REF).unwrap_or_default();
                let query = part.children().find(|it| matches!(it.kind(), Kind::SELECT | Kind::PAREN_SELECT));
                let query = query.and_then(|query| node::find(&query, Kind::SELECT));
                let rows = query.as_ref().and_then(|query| catalog::rows(&self.schema, query, values));
                // A loop over one column may have a plain variable.
                let only = query.and_then(|query| catalog::only_column(&query));
                let (Some(rows), Some(body)) = (rows, node::child(part, Kind::PLPGSQL_BODY)) else {
                    self.trouble("not-understood", "This loop over rows is not understood.".to_owned());
                    return Ok(());
                };
                for row in rows {
                    let cell = only.as_ref().and_then(|only| row.get(only.as_str()).cloned());
                    values.insert(variable.clone(), Value::Row(row, cell));
                    if self.run_round(&body, values)? {
                        break;
                    }
                }
                Ok(())
            }
            Kind::PLPGSQL_FOR_EACH_STMT => {
                let variable = node::word_in(part, Kind::PLPGSQL_VAR_NAME_REF).unwrap_or_default();
                let over = node::child(part, Kind::PLPGSQL_EXPR).and_then(|it| inner_expression(&it));
                let items = over.map(|over| self.list(&over, values)).unwrap_or_default();
                let Some(body) = node::child(part, Kind::PLPGSQL_BODY) else { return Ok(()) };
                if items.is_empty() {
                    self.trouble("not-understood", "This loop over a list is not understood.".to_owned());
                }
                for item in items {
                    values.insert(variable.clone(), Value::Text(item));
                    if self.run_round(&body, values)? {
                        break;
                    }
                }
                Ok(())
            }
            Kind::PLPGSQL_CONTINUE_STMT if node::text(part).split_whitespace().count() == 1 => {
                Err(Fail::jump(NEXT))
            }
            Kind::PLPGSQL_EXIT_STMT if node::text(part).split_whitespace().count() == 1 => {
                Err(Fail::jump(OUT))
            }
            Kind::PLPGSQL_ASSIGN_STMT => {
                let Some(name) = node::word_in(part, Kind::PLPGSQL_VAR_NAME_REF) else { return Ok(()) };
                let told = node::child(part, Kind::PLPGSQL_EXPR).and_then(|it| inner_expression(&it));
                let told = told.and_then(|it| catalog::value(&self.schema, &it, values).flatten());
                match told {
                    Some(text) => values.insert(name, Value::Text(text)),
                    None => values.remove(&name),
                };
                Ok(())
            }
            Kind::PLPGSQL_DYN_EXECUTE_STMT => {
                let built = node::child(part, Kind::PLPGSQL_EXPR).and_then(|it| inner_expression(&it));
                let built = built.and_then(|it| catalog::value(&self.schema, &it, values).flatten());
                let Some(built) = built else {
                    self.trouble(
                        "not-understood",
                        "A statement that is built at run time is not understood.".to_owned(),
                    );
                    return Ok(());
                };
                self.run_text(&built)
            }
            Kind::PLPGSQL_EXEC_SQL_STMT => match part.children().next() {
                Some(statement) => self.statement(&statement),
                None => Ok(()),
            },
            Kind::PLPGSQL_BLOCK => self.run_block(part, values),
            _ => match part.children().find(|it| it.kind() == Kind::PLPGSQL_BLOCK) {
                Some(block) => self.run_block(&block, values),
                None => Ok(()),
            },
        }
    }

    /// All statements of a text that was built at run time, or none.
    fn run_text(&mut self, built: &str) -> Done {
        let statements = split::statements(built);
        let before = (statements.len() > 1).then(|| self.schema.clone());
        let run = || {
            for range in statements {
                let statement = sql::parse(&built[range]);
                if let Some(error) = statement.error {
                    return Err(Fail {
                        kind: "not-understood",
                        message: format!(
                            "A statement built at run time cannot be read: {}.",
                            super::plainly(error)
                        ),
                    });
                }
                if let Some(node) = statement.node {
                    self.statement(&node)?;
                }
            }
            Ok(())
        };
        let done = run();
        if done.is_err() {
            self.undo(before);
        }
        done
    }

    fn run_if(&mut self, part: &Node, values: &mut Values) -> Done {
        let mut arms = Vec::new();
        arms.push((node::child(part, Kind::PLPGSQL_EXPR), node::child(part, Kind::PLPGSQL_BODY)));
        for clause in part.children() {
            match clause.kind() {
                Kind::PLPGSQL_ELSIF_CLAUSE => {
                    arms.push((
                        node::child(&clause, Kind::PLPGSQL_EXPR),
                        node::child(&clause, Kind::PLPGSQL_BODY),
                    ));
                }
                Kind::PLPGSQL_ELSE_CLAUSE => arms.push((None, node::child(&clause, Kind::PLPGSQL_BODY))),
                _ => {}
            }
        }
        for (condition, body) in arms {
            let Some(body) = body else { continue };
            let holds = match condition.and_then(|it| inner_expression(&it)) {
                Some(condition) => catalog::holds(&self.schema, &condition, values, None),
                None => Some(true),
            };
            match holds {
                Some(true) => return self.run_body(&body, values),
                Some(false) => {}
                None => {
                    // What is guarded by a question that cannot be answered is taken as done, where it can be.
                    if changes(&body) {
                        self.trouble(
                            "not-understood",
                            "The condition of this block is not understood; what it guards is taken as done."
                                .to_owned(),
                        );
                    }
                    let _ = self.run_body(&body, values);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The texts of a literal array, or of a variable that holds one.
    fn list(&self, node: &Node, values: &Values) -> Vec<String> {
        if let Some(Value::List(items)) = node::path(node).last().and_then(|name| values.get(name)) {
            return items.clone();
        }
        let literals = node.descendants().filter(|it| it.kind() == Kind::LITERAL);
        literals.filter_map(|it| node::string_value(&it)).collect()
    }
}

/// `CONTINUE`.
const NEXT: &str = "next-round";
/// `EXIT`.
const OUT: &str = "out-of-loop";

impl Fail {
    /// What leaves the statements that follow, and fails nothing.
    fn jump(kind: &'static str) -> Self {
        Self { kind, message: String::new() }
    }

    fn is_jump(&self) -> bool {
        matches!(self.kind, NEXT | OUT)
    }
}

/// The expression inside a PLPGSQL_EXPR.
fn inner_expression(node: &Node) -> Option<Node> {
    node::expression(&node::find(node, Kind::TARGET)?)
}

fn changes(body: &Node) -> bool {
    changing(body).next().is_some()
}

fn changing(body: &Node) -> impl Iterator<Item = Node> {
    body.descendants()
        .filter(|it| matches!(it.kind(), Kind::PLPGSQL_EXEC_SQL_STMT | Kind::PLPGSQL_DYN_EXECUTE_STMT))
}

/// Whether a block may fail when it has changed something already: at its second statement, or at the second round of a loop.
fn may_stop_halfway(block: &Node) -> bool {
    let Some(body) = node::child(block, Kind::PLPGSQL_BODY) else { return false };
    let is_loop = |kind: Kind| matches!(kind, Kind::PLPGSQL_FOR_QUERY_STMT | Kind::PLPGSQL_FOR_EACH_STMT);
    let repeated = |it: &Node| {
        let within = it.ancestors().take_while(|outer| outer != &body);
        within.into_iter().any(|outer| is_loop(outer.kind()))
    };
    let mut found = changing(&body);
    found.next().is_some_and(|first| repeated(&first) || found.next().is_some())
}
