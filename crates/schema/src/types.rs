//! The generated `types.ts` of Supabase: `Database["public"]["Tables"][T]`.

use edit::FileId;
use std::collections::BTreeMap;

/// The types of one database.
#[derive(Clone, Debug)]
pub struct Types {
    /// The file.
    pub file: FileId,
    /// Tables and views of `public` by name.
    pub tables: BTreeMap<String, TableTypes>,
    /// Functions of `public`: their arguments by name.
    pub functions: BTreeMap<String, Vec<Field>>,
    /// Enums of `public`: their values.
    pub enums: BTreeMap<String, Vec<String>>,
}

/// The three shapes of a table.
#[derive(Clone, Debug, Default)]
pub struct TableTypes {
    /// What a select gives.
    pub row: Vec<Field>,
    /// What an insert takes; empty for a view.
    pub insert: Vec<Field>,
    /// What an update takes; empty for a view.
    pub update: Vec<Field>,
}

/// One column or argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its TypeScript type as written, `| null` taken off: `string`, `number`, `Json`, `string[]`, `"a" | "b"`, `Database["public"]["Enums"]["x"]`.
    pub kind: String,
    /// `| null`.
    pub nullable: bool,
    /// `?:`.
    pub optional: bool,
}
