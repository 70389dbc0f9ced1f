//! A server function as text: its parts, and how long lines are broken. Each server says what stands around them.

use edit::Piece;

/// Who may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Only with a session.
    SignedIn,
    /// Everyone; the policies of the database decide what is visible.
    Anyone,
}

/// What a function takes from the browser, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Nothing.
    None,
    /// An object with these keys and no other.
    Object(Vec<(String, Input)>),
    /// An object with these keys, and perhaps others: what may stand in it is known to the database alone.
    Open(Vec<(String, Input)>),
    /// A list.
    List(Box<Input>),
    /// One or a list.
    OneOrMany(Box<Input>),
    /// Whatever this schema says.
    Schema(String),
}

/// What a function does, as an expression.
pub struct Body<'a> {
    /// In one line, if it can stand in one.
    pub line: Option<Vec<Piece>>,
    /// Its characters in one line.
    pub width: usize,
    /// Over several lines, of which all but the first are indented by at least so many spaces.
    pub lines: &'a dyn Fn(usize) -> Vec<Piece>,
    /// Whether it is a block of statements in braces.
    pub block: bool,
    /// Whether it uses the signed-in user.
    pub user: bool,
}

/// The parts of one function.
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is for: the lines of its comment.
    pub doc: &'a [String],
    /// Who may call it.
    pub access: Access,
    /// What it takes.
    pub input: &'a Input,
    /// What it does, with `db`, `user` and `input` in scope.
    pub body: Body<'a>,
    /// The method by which it checks what it takes: see `Server::validator`.
    pub validator: &'static str,
}

/// How long a generated line may be.
pub const WIDTH: usize = 100;

/// The most rows that one call may carry: what pages import from a file.
const MOST_ITEMS: &str = "10_000";

impl Input {
    /// The schema in one line.
    pub fn line(&self) -> String {
        match self {
            Input::None => "z.void()".to_owned(),
            Input::Object(keys) if keys.is_empty() => "z.strictObject({})".to_owned(),
            Input::Object(keys) | Input::Open(keys) => {
                let maker = self.maker();
                let keys: Vec<_> = keys
                    .iter()
                    .map(|(key, schema)| format!("{}: {}", key_text(key), schema.line()))
                    .collect();
                format!("{maker}({{ {} }})", keys.join(", "))
            }
            Input::List(item) => format!("z.array({}).max({MOST_ITEMS})", item.line()),
            Input::OneOrMany(item) => {
                let item = item.line();
                format!("z.union([{item}, z.array({item}).max({MOST_ITEMS})])")
            }
            Input::Schema(schema) => schema.clone(),
        }
    }

    /// What makes the schema of an object.
    fn maker(&self) -> &'static str {
        if matches!(self, Input::Open(_)) { "z.looseObject" } else { "z.strictObject" }
    }

    /// The schema, its keys on lines of their own where one line is too long, at `indent` spaces; `before` characters stand before
    /// it in its line.
    pub fn broken(&self, indent: usize, before: usize) -> String {
        let line = self.line();
        if indent + before + line.chars().count() < WIDTH {
            return line;
        }
        let pad = " ".repeat(indent);
        match self {
            Input::Object(keys) | Input::Open(keys) => {
                let maker = self.maker();
                let keys: String = keys
                    .iter()
                    .map(|(key, schema)| {
                        let key = key_text(key);
                        format!("{pad}  {key}: {},\n", schema.broken(indent + 2, key.len() + 3))
                    })
                    .collect();
                format!("{maker}({{\n{keys}{pad}}})")
            }
            Input::List(item) => {
                format!(
                    "z\n{pad}  .array(\n{pad}    {},\n{pad}  )\n{pad}  .max({MOST_ITEMS})",
                    item.broken(indent + 4, 1)
                )
            }
            Input::OneOrMany(item) => {
                let one = item.broken(indent + 2, 1);
                let many = Input::List(item.clone()).broken(indent + 2, 1);
                format!("z.union([\n{pad}  {one},\n{pad}  {many},\n{pad}])")
            }
            _ => line,
        }
    }
}

/// A key of an object, in quotes where it needs them.
pub fn key_text(key: &str) -> String {
    let plain = !key.is_empty()
        && !key.starts_with(|first: char| first.is_ascii_digit())
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$'));
    if plain { key.to_owned() } else { format!("{key:?}") }
}

/// The comment above a function.
pub fn comment(doc: &[String]) -> String {
    match doc {
        [] => String::new(),
        [line] if line.chars().count() + 7 <= WIDTH => format!("/** {line} */\n"),
        lines => {
            let mut out = String::from("/**\n");
            for line in lines {
                let mut current = String::new();
                for word in line.split(' ') {
                    if !current.is_empty() && current.chars().count() + word.chars().count() + 4 > WIDTH {
                        out += &format!(" * {current}\n");
                        current.clear();
                    }
                    if !current.is_empty() {
                        current.push(' ');
                    }
                    current += word;
                }
                out += &format!(" * {current}\n");
            }
            out + " */\n"
        }
    }
}
