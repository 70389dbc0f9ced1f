//! Types that the SQL makes: enums, and the names of domains and composites.

use super::{Done, Fail, Replay, platform};
use crate::sql::node::{self, Kind, Node};
use crate::{Column, Name};

impl Replay {
    pub(super) fn type_exists(&self, name: &Name) -> Done {
        let known = self.schema.enums.contains_key(name)
            || self.types.contains(name)
            || self.schema.tables.contains_key(name)
            || self.schema.views.contains_key(name)
            || platform::owns(&name.schema)
            || EXTENSION_TYPES.contains(&name.name.as_str());
        if known { Ok(()) } else { Err(self.missing("type", name)) }
    }

    pub(super) fn create_type(&mut self, node: &Node) -> Done {
        let Some(name) = node::name_in(node, Kind::TYPE_NAME) else { return Err(self.unclear("This type")) };
        if self.schema.enums.contains_key(&name)
            || self.types.contains(&name)
            || self.schema.tables.contains_key(&name)
        {
            return Err(Fail::duplicate(format!("The type `{}`", name.name)));
        }
        match node::child(node, Kind::ENUM_TYPE) {
            Some(kind) => {
                let values = kind.descendants().filter(|it| it.kind() == Kind::LITERAL);
                self.schema.enums.insert(name, values.filter_map(|it| node::string_value(&it)).collect());
            }
            None => {
                self.types.insert(name);
            }
        }
        Ok(())
    }

    pub(super) fn alter_type(&mut self, node: &Node) -> Done {
        let Some(name) = node::name_in(node, Kind::TYPE_NAME_REF) else { return Ok(()) };
        let Some(add) = node::child(node, Kind::ADD_VALUE) else { return Ok(()) };
        let missing = self.missing("type", &name);
        let Some(values) = self.schema.enums.get_mut(&name) else { return Err(missing) };
        let Some(value) = node::child(&add, Kind::LITERAL).and_then(|it| node::string_value(&it)) else {
            return Ok(());
        };
        if values.contains(&value) {
            return if node::has(&add, Kind::IF_NOT_EXISTS) {
                Ok(())
            } else {
                Err(Fail::duplicate(format!("The value `{value}`")))
            };
        }
        let beside = |kind: Kind| {
            let part = node::child(&add, kind)?;
            let other = node::find(&part, Kind::LITERAL).and_then(|it| node::string_value(&it))?;
            values.iter().position(|known| *known == other)
        };
        let at = beside(Kind::AFTER_VALUE).map(|at| at + 1).or_else(|| beside(Kind::BEFORE_VALUE));
        values.insert(at.unwrap_or(values.len()), value);
        Ok(())
    }

    pub(super) fn drop_type(&mut self, node: &Node) -> Done {
        let cascade = node::has(node, Kind::CASCADE);
        for name in node::children(node, Kind::TYPE_NAME_REF).iter().map(node::name) {
            let known = self.schema.enums.contains_key(&name) || self.types.contains(&name);
            if !known && !node::has(node, Kind::IF_EXISTS) {
                return Err(self.missing("type", &name));
            }
            let uses = |column: &Column| column.kind.trim_end_matches("[]") == name.name;
            let used = self.schema.tables.iter().find(|(_, table)| table.columns.iter().any(uses));
            if let Some((table, _)) = used.filter(|_| known && !cascade) {
                return Err(self.needed(&table.name));
            }
            if cascade && known {
                for table in self.schema.tables.values_mut() {
                    table.columns.retain(|column| !uses(column));
                }
            }
            self.schema.enums.remove(&name);
            self.types.remove(&name);
        }
        Ok(())
    }
}

const EXTENSION_TYPES: [&str; 12] = [
    "vector",
    "halfvec",
    "sparsevec",
    "citext",
    "geography",
    "geometry",
    "hstore",
    "ltree",
    "cube",
    "earth",
    "seg",
    "tsvector",
];
