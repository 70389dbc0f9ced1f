//! Views.

use super::{Done, Fail, Replay, reads};
use crate::View;
use crate::sql::node::{self, Kind, Node};
use crate::sql::quotes;

impl Replay {
    pub(super) fn create_view(&mut self, node: &Node) -> Done {
        let Some(name) = node::name_in(node, Kind::VIEW) else { return Err(self.unclear("This view")) };
        let replaces = node::has(node, Kind::OR_REPLACE);
        if self.schema.tables.contains_key(&name) || (self.schema.views.contains_key(&name) && !replaces) {
            return Err(Fail::duplicate(format!("The view `{}`", name.name)));
        }
        let query = node
            .children()
            .filter(|child| {
                matches!(
                    child.kind(),
                    Kind::SELECT | Kind::COMPOUND_SELECT | Kind::PAREN_SELECT | Kind::VALUES | Kind::TABLE
                )
            })
            .last();
        let Some(query) = query else { return Err(self.unclear("This view")) };
        let reads = reads::of_query(&self.schema, &query);
        self.readable(&reads)?;
        let invoker = node::child(node, Kind::WITH_PARAMS)
            .is_some_and(|with| is_on(&node::text(&with), "security_invoker"));
        let before = self.schema.views.remove(&name);
        let view = View {
            span: Some(self.at),
            security_invoker: invoker,
            query: quotes::plain(&node::text(&query)),
            reads: crate::Reads::of(reads),
            grants: before.map(|before| before.grants).unwrap_or_default(),
        };
        self.schema.views.insert(name, view);
        Ok(())
    }

    pub(super) fn alter_view(&mut self, node: &Node) -> Done {
        let text = node::text(node);
        let Some(name) = node::name_in(node, Kind::VIEW_REF) else { return Ok(()) };
        if let Some(view) = self.schema.views.get_mut(&name)
            && text.to_ascii_lowercase().contains("security_invoker")
        {
            view.security_invoker = is_on(&text, "security_invoker");
        }
        Ok(())
    }

    pub(super) fn drop_view(&mut self, node: &Node) -> Done {
        for name in node::children(node, Kind::VIEW_REF).iter().map(node::name) {
            if self.schema.views.remove(&name).is_none() && !node::has(node, Kind::IF_EXISTS) {
                return Err(self.missing("view", &name));
            }
        }
        Ok(())
    }
}

fn is_on(text: &str, option: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find(option) else { return false };
    let rest = lower[at + option.len()..].trim_start().trim_start_matches('=').trim_start();
    let word: String =
        rest.trim_start_matches('\'').chars().take_while(char::is_ascii_alphanumeric).collect();
    matches!(word.as_str(), "" | "on" | "true" | "1" | "yes")
}
