//! The parts of a table that belong together, and stay so when names change.

use crate::{ForeignKey, Function, Index, Name, Table};
use std::collections::BTreeSet;

/// A constraint of a table.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// PRIMARY KEY: its columns.
    Primary(Vec<String>),
    /// UNIQUE: its columns.
    Unique(Vec<String>),
    /// FOREIGN KEY.
    Foreign(ForeignKey),
    /// CHECK, as written.
    Check(String),
    /// EXCLUDE.
    Other,
}

impl Constraint {
    /// The columns that it stands on; none for a check.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Primary(columns) | Self::Unique(columns) => columns,
            Self::Foreign(key) => &key.columns,
            Self::Check(_) | Self::Other => &[],
        }
    }

    /// Whether a check's text has the word.
    pub(crate) fn mentions(&self, column: &str) -> bool {
        let Self::Check(text) = self else { return false };
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
    }

    /// As `pg_constraint.contype` says.
    pub(crate) fn letter(&self) -> &'static str {
        match self {
            Self::Primary(_) => "p",
            Self::Unique(_) => "u",
            Self::Foreign(_) => "f",
            Self::Check(_) => "c",
            Self::Other => "x",
        }
    }

    /// As the information schema says.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Primary(_) => "PRIMARY KEY",
            Self::Unique(_) => "UNIQUE",
            Self::Foreign(_) => "FOREIGN KEY",
            Self::Check(_) => "CHECK",
            Self::Other => "EXCLUDE",
        }
    }
}

/// What an expression or a query reads.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// Tables and views in FROM.
    pub tables: BTreeSet<Name>,
    /// Columns with the table that each was found in.
    pub columns: BTreeSet<(Name, String)>,
    /// Functions called; schema `public` where none is written.
    pub functions: BTreeSet<Name>,
}

impl Reads {
    pub(crate) fn of(reads: crate::replay::reads::Reads) -> Self {
        Self { tables: reads.tables, columns: reads.columns, functions: reads.functions }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.tables.extend(other.tables);
        self.columns.extend(other.columns);
        self.functions.extend(other.functions);
    }
}

impl Index {
    /// Whether it holds every row by columns alone.
    pub(crate) fn plain(&self) -> bool {
        self.whole
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&crate::Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether a look-up by `columns` finds an index: one that begins with them, in any order.
    pub fn indexed(&self, columns: &[String]) -> bool {
        let begins = |of: &[String]| {
            of.len() >= columns.len() && of[..columns.len()].iter().all(|column| columns.contains(column))
        };
        begins(&self.primary_key)
            || self.unique.iter().any(|key| begins(key))
            || self.indexes.iter().any(|index| index.columns.len() >= columns.len() && begins(&index.columns))
    }

    /// Adds a constraint, the last one in order.
    pub(crate) fn constrain(&mut self, name: String, constraint: Constraint) {
        self.constraints.insert(name.clone(), constraint);
        self.constraint_order.push(name);
        self.settle();
    }

    /// Reads the lists of keys and checks from the constraints again.
    pub(crate) fn settle(&mut self) {
        self.constraint_order.retain(|name| self.constraints.contains_key(name));
        self.primary_key.clear();
        self.unique.clear();
        self.foreign_keys.clear();
        self.checks.clear();
        for name in &self.constraint_order {
            match self.constraints.get(name) {
                Some(Constraint::Primary(columns)) => self.primary_key.clone_from(columns),
                Some(Constraint::Unique(columns)) => self.unique.push(columns.clone()),
                Some(Constraint::Foreign(key)) => self.foreign_keys.push(key.clone()),
                Some(Constraint::Check(text)) => self.checks.push(text.clone()),
                Some(Constraint::Other) | None => {}
            }
        }
    }

    pub(crate) fn rename_column(&mut self, from: &str, to: &str) {
        let rename = |columns: &mut Vec<String>| {
            for column in columns.iter_mut().filter(|column| *column == from) {
                to.clone_into(column);
            }
        };
        for column in self.columns.iter_mut().filter(|column| column.name == from) {
            to.clone_into(&mut column.name);
        }
        for constraint in self.constraints.values_mut() {
            match constraint {
                Constraint::Primary(columns) | Constraint::Unique(columns) => rename(columns),
                Constraint::Foreign(key) => rename(&mut key.columns),
                Constraint::Check(_) | Constraint::Other => {}
            }
        }
        for index in &mut self.indexes {
            rename(&mut index.columns);
            rename(&mut index.mentions);
        }
        self.settle();
    }

    /// Follows a table that foreign keys and policies name to its new name.
    pub(crate) fn retarget(&mut self, from: &Name, to: &Name) {
        for constraint in self.constraints.values_mut() {
            if let Constraint::Foreign(key) = constraint
                && key.table == *from
            {
                key.table = to.clone();
            }
        }
        self.settle();
    }
}

impl Function {
    /// The types of its arguments.
    pub fn kinds(&self) -> Vec<String> {
        self.arguments.iter().map(|(_, kind)| kind.clone()).collect()
    }

    /// Whether `role` may call it over the API. PostgreSQL lets PUBLIC execute, and the platform grants to each role by name.
    pub fn callable_by(&self, role: &str) -> bool {
        if self.returns.eq_ignore_ascii_case("trigger") || self.returns.eq_ignore_ascii_case("event_trigger")
        {
            return false;
        }
        let revoked = |of: &str| self.revoked_from.iter().any(|known| known == of);
        !(revoked("public") && revoked(role))
    }

    /// Notes a GRANT or REVOKE of EXECUTE.
    pub(crate) fn execute(&mut self, roles: &[String], revoked: bool) {
        let (to, from) = if revoked {
            (&mut self.revoked_from, &mut self.granted_to)
        } else {
            (&mut self.granted_to, &mut self.revoked_from)
        };
        from.retain(|role| !roles.contains(role));
        for role in roles {
            if !to.contains(role) {
                to.push(role.clone());
            }
        }
    }
}
