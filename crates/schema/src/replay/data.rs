//! Rows that count: storage buckets; and what realtime publishes.

use super::{Done, Fail, Replay};
use crate::sql::node::{self, Kind, Node};
use crate::{Bucket, Name};

impl Replay {
    pub(super) fn insert(&mut self, node: &Node) -> Done {
        if !into_buckets(node) {
            return self.fits(node);
        }
        let columns = node::child(node, Kind::COLUMN_TARGET_LIST)
            .map(|list| node::words_in(&list, Kind::COLUMN_NAME_REF));
        let columns = columns.unwrap_or_else(|| vec!["id".to_owned(), "name".to_owned()]);
        let conflict = node::child(node, Kind::ON_CONFLICT_CLAUSE);
        let changes =
            conflict.as_ref().is_some_and(|it| node::text(it).to_ascii_lowercase().contains("do update"));
        let rows: Vec<Vec<Node>> = match node::find(node, Kind::ROW_LIST) {
            Some(list) => node::children(&list, Kind::ROW)
                .iter()
                .map(|row| row.children().filter(|it| node::is_expression(it.kind())).collect())
                .collect(),
            // INSERT … SELECT 'a', 'a', true WHERE NOT EXISTS …
            None => node::find(node, Kind::TARGET_LIST)
                .map(|list| {
                    vec![node::children(&list, Kind::TARGET).iter().filter_map(node::expression).collect()]
                })
                .unwrap_or_default(),
        };
        for row in rows {
            let value = |name: &str| {
                let at = columns.iter().position(|column| column == name)?;
                row.get(at).map(node::text)
            };
            let Some(id) = value("id").or_else(|| value("name")) else { continue };
            let id = id.trim_matches('\'').to_owned();
            let public = value("public").is_some_and(|value| is_true(&value));
            match self.schema.buckets.iter_mut().find(|known| known.id == id) {
                Some(known) if changes => known.public = public,
                Some(_) if conflict.is_some() || node::find(node, Kind::WHERE_CLAUSE).is_some() => {}
                Some(_) => return Err(Fail::duplicate(format!("The bucket `{id}`"))),
                None => self.schema.buckets.push(Bucket { id, public, span: Some(self.at) }),
            }
        }
        Ok(())
    }

    pub(super) fn update(&mut self, node: &Node) -> Done {
        let text = node::text(node);
        let Some(id) = bucket_of(node) else { return Ok(()) };
        let lower: String = text.to_ascii_lowercase().split_whitespace().collect();
        let public = lower.contains("setpublic=true") || lower.contains(",public=true");
        let private = lower.contains("setpublic=false") || lower.contains(",public=false");
        if let Some(bucket) =
            self.schema.buckets.iter_mut().find(|known| known.id == id).filter(|_| public || private)
        {
            bucket.public = public;
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, node: &Node) -> Done {
        if let Some(id) = bucket_of(node) {
            self.schema.buckets.retain(|known| known.id != id);
        }
        Ok(())
    }

    pub(super) fn alter_publication(&mut self, node: &Node) -> Done {
        if !node::words_in(node, Kind::PUBLICATION_REF).iter().any(|name| name == "supabase_realtime") {
            return Ok(());
        }
        let tables: Vec<_> = node
            .descendants()
            .filter(|it| it.kind() == Kind::TABLE_NAME_REF)
            .map(|it| node::name(&it))
            .collect();
        for table in &tables {
            if !self.schema.tables.contains_key(table) {
                return Err(self.missing("table", table));
            }
        }
        let drops = node.children().any(|it| it.kind() == Kind::DROP_PUBLICATION_OBJECTS);
        let sets = node.children().any(|it| it.kind() == Kind::SET_PUBLICATION_OBJECTS);
        if sets {
            self.schema.published.clear();
        }
        if let Some(table) = tables.iter().find(|table| !drops && self.schema.published.contains(table)) {
            return Err(Fail::duplicate(format!("`{}` in the publication", table.name)));
        }
        if drops {
            self.schema.published.retain(|table| !tables.contains(table));
        } else {
            self.schema.published.extend(tables);
        }
        Ok(())
    }

    pub(super) fn create_publication(&mut self, node: &Node) -> Done {
        let text = node::text(node).to_ascii_lowercase();
        if !text.contains("supabase_realtime") {
            return Ok(());
        }
        // The platform has it, so this works only after a DROP.
        let tables: Vec<_> = node
            .descendants()
            .filter(|it| it.kind() == Kind::TABLE_NAME_REF)
            .map(|it| node::name(&it))
            .collect();
        let all = text.contains("all tables");
        self.schema.published = if all {
            self.schema.tables.keys().filter(|name| name.schema == "public").cloned().collect()
        } else {
            tables
        };
        Ok(())
    }
}

fn into_buckets(node: &Node) -> bool {
    let buckets = Name { schema: "storage".to_owned(), name: "buckets".to_owned() };
    node::name_in(node, Kind::RELATION_NAME_REF).or_else(|| node::name_in(node, Kind::TABLE_NAME_REF))
        == Some(buckets)
}

/// The bucket that `WHERE id = '…'` picks.
fn bucket_of(node: &Node) -> Option<String> {
    if !into_buckets(node) {
        return None;
    }
    let clause = node::child(node, Kind::WHERE_CLAUSE)?;
    let literal = clause.descendants().find(|it| it.kind() == Kind::LITERAL)?;
    node::string_value(&literal)
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "'true'" | "'t'" | "1::boolean" | "true::boolean")
}
