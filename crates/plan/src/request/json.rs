//! Keys of a JSON document: set and removed in the file's own layout.

use super::{Page, Refusal};
use crate::content::{Splice, difference};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use syntax::document::json;

/// The keys that are asked for in one document; `None` removes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    keys: BTreeMap<Vec<String>, (Option<Value>, BTreeSet<usize>)>,
    order: Vec<Vec<String>>,
}

impl Keys {
    pub(super) fn set(&mut self, by: usize, key: &[String], value: &Value) -> Result<(), Refusal> {
        // An object is asked for key by key, so that two authors can each bring a part of it.
        let mut waiting = vec![(key.to_vec(), value)];
        while let Some((key, value)) = waiting.pop() {
            match value {
                Value::Object(members) if !members.is_empty() => {
                    let inner = members.iter().rev();
                    waiting.extend(inner.map(|(name, value)| {
                        let mut key = key.clone();
                        key.push(name.clone());
                        (key, value)
                    }));
                }
                _ => self.take(by, key, Some(value.clone()))?,
            }
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, by: usize, key: &[String]) -> Result<(), Refusal> {
        self.take(by, key.to_vec(), None)
    }

    fn take(&mut self, by: usize, key: Vec<String>, value: Option<Value>) -> Result<(), Refusal> {
        for (other, (theirs, askers)) in &self.keys {
            let same = *other == key && *theirs == value;
            // `a` and `a.b` contradict each other, unless `a` is only asked to be an object.
            let within =
                |outer: &[String], inner: &[String]| inner.len() > outer.len() && inner.starts_with(outer);
            let object = |value: &Option<Value>| value.as_ref().is_some_and(Value::is_object);
            let apart = (other != &key && !within(other, &key) && !within(&key, other))
                || (within(other, &key) && object(theirs) && value.is_some())
                || (within(&key, other) && object(&value) && theirs.is_some());
            if let Some(&with) = askers.first()
                && !same
                && !apart
            {
                let why = format!("Both want another value for `{}`.", key.join("."));
                return Err(Refusal::clash(by, with, why));
            }
        }
        let entry = self.keys.entry(key.clone()).or_insert_with(|| {
            self.order.push(key);
            (value, BTreeSet::new())
        });
        entry.1.insert(by);
        Ok(())
    }

    pub(super) fn granted(&self, page: &Page<'_, '_>) -> Result<Vec<Splice>, Refusal> {
        let (path, text) = (page.path, page.text);
        let refused = |why: String| Refusal { by: self.askers(), because_of: None, why };
        let Some(document) = json::parse(text) else {
            return Err(refused(format!("`{path}` is not JSON that can be read.")));
        };
        let sets: Vec<_> = self
            .order
            .iter()
            .filter_map(|key| {
                let value = self.keys.get(key)?.0.as_ref()?;
                let there = value_at(&document, key);
                let is_there = there == Some(value)
                    || (value.as_object().is_some_and(|members| members.is_empty())
                        && there.is_some_and(Value::is_object));
                (!is_there).then(|| (key.clone(), value.clone()))
            })
            .collect();
        let mut after = text.to_owned();
        if !sets.is_empty() {
            let replacements = json::set_all(text, &sets).ok_or_else(|| {
                refused(format!("`{path}` holds another kind of value on the way to a key."))
            })?;
            after = replaced(text, replacements);
        }
        for (key, _) in self.keys.iter().filter(|(_, (value, _))| value.is_none()) {
            if value_at(&document, key).is_some() {
                let key: Vec<_> = key.iter().map(String::as_str).collect();
                let replacements = json::remove(&after, &key).ok_or_else(|| {
                    refused(format!("`{}` cannot be taken out of `{path}`.", key.join(".")))
                })?;
                after = replaced(&after, replacements);
            }
        }
        Ok(difference(text, &after))
    }

    pub(super) fn askers(&self) -> BTreeSet<usize> {
        self.keys.values().flat_map(|(_, askers)| askers.iter().copied()).collect()
    }
}

fn value_at<'v>(document: &'v Value, key: &[String]) -> Option<&'v Value> {
    key.iter().try_fold(document, |value, name| value.as_object()?.get(name))
}

/// `text` with the replacements (apart, of its own ranges) applied.
pub(super) fn replaced(text: &str, mut replacements: Vec<syntax::document::Replacement>) -> String {
    replacements.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut after, mut at) = (String::with_capacity(text.len()), 0);
    for (range, new) in replacements {
        after += text.get(at..range.start).unwrap_or_default();
        after += &new;
        at = range.end.max(at);
    }
    after + text.get(at..).unwrap_or_default()
}
