//! What a policy that opens a table may be meant for: a form, a note of what happened, samples, a house with pages of its own, rows
//! whose state is fixed.

use crate::grade::Asked;
use crate::lexicon::words;
use crate::predicate::{Ask, Opening, Predicate};

impl Asked<'_> {
    /// `trial_requests`, `bookings` with an address to answer to and nobody's rows: a form.
    pub(crate) fn is_form(&self) -> bool {
        self.holds.asked_for && self.holds.owners.is_empty() && !self.holds.personal.is_empty()
    }

    /// `page_events` with an `event_type`: what happened on a page, as its visitors send it.
    pub(crate) fn notes_events(&self) -> bool {
        let named = words(&self.name.name).last().is_some_and(|last| last == "events");
        let table = self.schema.tables.get(self.name);
        let kinds = ["event_type", "event_name", "event", "event_kind"];
        named && table.is_some_and(|table| table.columns.iter().any(|it| kinds.contains(&it.name.as_str())))
    }

    /// Whether each row is a house with pages of its own: it has a part of the address.
    pub(crate) fn is_site(&self) -> bool {
        let table = self.schema.tables.get(self.name);
        let parts = ["slug", "subdomain", "custom_domain", "domain"];
        table.is_some_and(|table| table.columns.iter().any(|it| parts.contains(&it.name.as_str())))
    }

    /// Whether what is open to all are rows that were made to be shown: samples, templates.
    pub(crate) fn shows_samples(&self) -> bool {
        let made = |column: &String| {
            let all = words(column);
            all.iter().any(|word| matches!(word.as_str(), "sample" | "demo" | "example" | "template"))
        };
        let branches = self.using.iter().flat_map(|predicate| &predicate.any);
        let mut open = branches.filter_map(|all| match all.as_slice() {
            [Ask::Row(columns)] => Some(columns),
            _ => None,
        });
        let first = open.next();
        first.is_some_and(|columns| columns.iter().any(made)) && open.all(|columns| columns.iter().any(made))
    }

    /// `auth.uid() = user_id or user_id is null`, `user_id is null`: nobody's rows besides one's own.
    pub(crate) fn is_own(&self, command: &str) -> bool {
        let predicate = self.asked_by(command);
        predicate.map(Predicate::opening) == Some(Opening::SomeRows)
            && predicate.is_some_and(|predicate| {
                !predicate.owners().is_empty() || predicate.is_nobodys(&self.holds.owners)
            })
    }

    /// `with check (state = 'new' and upvotes = 0)`: a row that comes in says nothing of what others decide, for every branch fixes
    /// a column that is no key.
    pub(crate) fn is_fixed(&self, command: &str) -> bool {
        let fixed = |all: &Vec<Ask>| -> Vec<String> {
            let columns = all.iter().filter_map(|ask| match ask {
                Ask::Row(columns) => Some(columns),
                _ => None,
            });
            let key = |column: &String| column.ends_with("_id") || self.holds.owners.contains(column);
            columns.flatten().filter(|column| !key(column)).cloned().collect()
        };
        self.asked_by(command).is_some_and(|predicate| {
            !predicate.any.is_empty()
                && predicate.any.iter().map(fixed).all(|columns| {
                    !columns.is_empty() && self.holds.privileged.iter().all(|it| columns.contains(it))
                })
        })
    }
}
