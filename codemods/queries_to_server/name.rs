//! Names of server functions: verb, whose, which, table, columns, by what. The same query gets the same name in every export.

/// What a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    List,
    Get,
    Maybe,
    Count,
    Search,
    Create,
    CreateMany,
    Update,
    Upsert,
    UpsertMany,
    Delete,
    Invoke,
    /// The name of a database function says what it does.
    Rpc,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Maybe => "maybe",
            Self::Count => "count",
            Self::Search => "search",
            Self::Create => "create",
            Self::CreateMany => "createMany",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::UpsertMany => "upsertMany",
            Self::Delete => "delete",
            Self::Invoke => "invoke",
            Self::Rpc => "",
        }
    }

    /// Whether it is about many rows.
    fn plural(self) -> bool {
        matches!(self, Self::List | Self::Count | Self::Search | Self::CreateMany | Self::UpsertMany)
    }
}

/// What a name is made of.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) verb: Verb,
    /// The session's user is in it.
    pub(super) mine: bool,
    /// Constants that it filters by: `assistant`, `is_active`, `!is_active`.
    pub(super) constants: Vec<String>,
    /// Table, database function or edge function.
    pub(super) table: String,
    /// Columns that are listed, or written.
    pub(super) columns: Vec<String>,
    /// Embedded tables.
    pub(super) embeds: Vec<String>,
    /// A page of a list.
    pub(super) page: bool,
    /// Columns and operators of the inputs that it filters by.
    pub(super) by: Vec<(String, String)>,
}

/// Longer names say less.
const MOST: usize = 3;
/// A name beyond this length does without its columns, and then without its embedded tables.
const LONG: usize = 48;

/// The name.
pub(super) fn of(parts: &Parts) -> String {
    let whole = spelled(parts);
    let fewer = [
        Parts { columns: Vec::new(), ..parts.clone() },
        Parts { columns: Vec::new(), embeds: Vec::new(), ..parts.clone() },
        Parts {
            columns: Vec::new(),
            embeds: Vec::new(),
            by: parts.by.iter().take(1).cloned().collect(),
            ..parts.clone()
        },
    ];
    let mut spellings = fewer.iter().map(spelled);
    let shorter = spellings.find(|name| name.len() <= LONG && name.len() < whole.len());
    let shortest = || fewer.last().map(spelled).filter(|name| name.len() < whole.len());
    if whole.len() > LONG { shorter.or_else(shortest).unwrap_or(whole) } else { whole }
}

fn spelled(parts: &Parts) -> String {
    let mut name = parts.verb.word().to_owned();
    if parts.mine {
        name += "My";
    }
    if parts.verb == Verb::Rpc {
        // `my_orders` of the session's user is not `myMyOrders`.
        return sound(lower_first(&pascal(&parts.table)));
    }
    if parts.constants.len() <= MOST {
        for constant in &parts.constants {
            name += &match constant.strip_prefix('!') {
                Some(column) => format!("Not{}", pascal(flag(column))),
                // `IN_PROGRESS` is `InProgress`.
                None if !constant.contains(char::is_lowercase) => pascal(&constant.to_lowercase()),
                None => pascal(flag(constant)),
            };
        }
    }
    let listed = matches!(parts.columns.len(), 1 | 2) && parts.embeds.is_empty() && !parts.page;
    // All of a user's rows go at once.
    let all = parts.verb == Verb::Delete && parts.mine && parts.by.is_empty() && parts.constants.is_empty();
    let singular_table = listed || !parts.verb.plural() && !all;
    let table = pascal(&parts.table);
    let table = if parts.verb == Verb::Invoke || !singular_table { table } else { singular(&table) };
    name += &table;
    if listed {
        match parts.columns.as_slice() {
            [column] if parts.verb.plural() => {
                let behind = plural(&pascal(column));
                name += behind.strip_prefix(&*said(&table, &pascal(column))).unwrap_or(&behind);
                // The column was the table's last word: what is listed is many of it.
                if name.ends_with(&table) {
                    name = plural(&name);
                }
            }
            columns => {
                for (at, column) in columns.iter().enumerate() {
                    let column = pascal(column);
                    let said = if at == 0 { said(&table, &column) } else { String::new() };
                    name += column.strip_prefix(&*said).unwrap_or(&column);
                }
            }
        }
    }
    if !parts.embeds.is_empty() {
        let mut shown: Vec<_> = parts.embeds.iter().take(2).map(|embed| pascal(embed)).collect();
        shown.dedup();
        name += &format!("With{}", shown.join("And"));
    }
    if parts.page {
        name += "Page";
    } else if !parts.by.is_empty() && parts.verb != Verb::Search {
        // From one value to another.
        let between = |column: &str| {
            let has = |wanted: [&str; 2]| {
                parts.by.iter().any(|(other, operator)| other == column && wanted.contains(&&**operator))
            };
            has(["gte", "gt"]) && has(["lte", "lt"])
        };
        let bound = |operator: &str| matches!(operator, "gte" | "gt" | "lte" | "lt");
        let mut filters: Vec<(&str, &str)> = Vec::new();
        for (column, operator) in &parts.by {
            let operator = if bound(operator) && between(column) { "between" } else { operator };
            if !filters.contains(&(column, operator)) {
                filters.push((column, operator));
            }
        }
        let shown: Vec<_> = filters
            .into_iter()
            .take(MOST)
            .map(|(column, operator)| {
                let operator = if operator == "eq" { String::new() } else { pascal(operator) };
                pascal(column) + &operator
            })
            .collect();
        name += &format!("By{}", shown.join("And"));
    }
    sound(name)
}

/// A name that is free: with the enclosing function, then with a number.
pub(super) fn free(name: &str, within: Option<&str>, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    // `handleHide` is about hiding.
    let plain = |within: String| match within.strip_prefix("Handle") {
        Some(rest) if rest.starts_with(char::is_uppercase) => rest.to_owned(),
        _ => within,
    };
    let within = within.map(pascal).map(plain).filter(|within| !within.is_empty());
    // A function of the app that calls the database's of its own name.
    if within.as_deref() == Some(&*upper_first(name)) {
        let called = format!("call{}", upper_first(name));
        if !taken(&called) {
            return called;
        }
    }
    let longer = within;
    let longer = longer.map(|within| format!("{name}For{within}")).filter(|longer| longer.len() <= 60);
    if let Some(longer) = longer.as_ref().filter(|longer| !taken(longer)) {
        return longer.clone();
    }
    let base = longer.as_deref().unwrap_or(name);
    (2..).map(|count| format!("{base}{count}")).find(|numbered| !taken(numbered)).unwrap_or_default()
}

/// The words with which a column goes on where the table's name ends: `Role` of `UserRole` and `role`.
fn said(table: &str, column: &str) -> String {
    let starts = column.char_indices().filter(|(at, letter)| *at == 0 || letter.is_uppercase());
    let ends = starts.map(|(at, _)| at).skip(1).chain([column.len()]);
    let known = ends.filter(|end| {
        let whole = table.len() > *end && table.ends_with(&column[..*end]);
        whole && table[table.len() - end..].starts_with(char::is_uppercase)
    });
    column[..known.max().unwrap_or_default()].to_owned()
}

/// Whether the name of a function says more than that something happens.
pub(super) fn tells(within: &str) -> bool {
    const VAGUE: &[&str] = &[
        "fetch",
        "fetchData",
        "getData",
        "init",
        "initialize",
        "load",
        "loadData",
        "mutationFn",
        "onSubmit",
        "queryFn",
        "refresh",
        "run",
        "save",
        "submit",
        "update",
        "useEffect",
    ];
    let handler = within.strip_prefix("handle").or_else(|| within.strip_prefix("on"));
    let handler =
        handler.is_some_and(|rest| rest.starts_with(|first: char| first.is_uppercase()) && rest.len() < 9);
    !handler && !VAGUE.contains(&within)
}

/// `is_active` is `active`.
fn flag(column: &str) -> &str {
    column.strip_prefix("is_").filter(|rest| !rest.is_empty()).unwrap_or(column)
}

/// `user_id`, `user-id`, `user id` and `userId` as `UserId`. Letters of other alphabets stay.
pub(super) fn pascal(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(upper_first).collect()
}

fn upper_first(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn lower_first(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + letters.as_str())
}

/// `MovieCard` and `movie_card` as `movie-card`.
pub(super) fn kebab(text: &str) -> String {
    let mut name = String::new();
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let starts = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if letter.is_alphanumeric() {
            if starts {
                name.push('-');
            }
            name.extend(letter.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches('-').to_owned()
}

/// `Categories` as `Category`, `Tasks` as `Task`; what does not look like a plural stays.
fn singular(word: &str) -> String {
    let lower = word.to_lowercase();
    let cut = |count: usize, end: &str| format!("{}{end}", &word[..word.len() - count]);
    if !word.is_ascii() || lower.len() < 4 || lower == "news" || lower.ends_with("series") {
        return word.to_owned();
    }
    // Words of English that end in `ie`, and endings that other languages have.
    const PLAIN: &[&str] =
        &["movies", "cookies", "calories", "selfies", "zombies", "smoothies", "hoodies", "rookies"];
    if lower.ends_with("izzes") {
        cut(3, "")
    } else if PLAIN.iter().any(|plain| lower.ends_with(plain)) {
        cut(1, "")
    } else if lower.ends_with("shelves") {
        cut(3, "f")
    } else if lower.ends_with("agens") {
        cut(2, "m")
    } else if ["coes", "soes"].iter().any(|end| lower.ends_with(end)) {
        cut(3, "ao")
    } else if lower.ends_with("ies") {
        cut(3, "y")
    } else if lower.ends_with("lyses") {
        cut(2, "is")
    } else if ["sses", "xes", "ches", "shes", "tuses", "nuses", "ruses", "puses", "iases"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        cut(2, "")
    } else if lower.ends_with('s') && !["ss", "us", "is"].iter().any(|end| lower.ends_with(end)) {
        cut(1, "")
    } else {
        word.to_owned()
    }
}

fn plural(word: &str) -> String {
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    if word.ends_with('s') {
        word.to_owned()
    } else if let Some(stem) = word.strip_suffix('y').filter(|_| !ends(&["ay", "ey", "oy", "uy"])) {
        format!("{stem}ies")
    } else if ends(&["x", "ch", "sh"]) {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

/// Names that mean something already get another one.
fn sound(name: String) -> String {
    const TAKEN: &[&str] = &[
        "constructor",
        "default",
        "delete",
        "export",
        "function",
        "hasOwnProperty",
        "import",
        "isPrototypeOf",
        "new",
        "propertyIsEnumerable",
        "return",
        "then",
        "toLocaleString",
        "toString",
        "typeof",
        "valueOf",
        "void",
    ];
    let digit = name.starts_with(|first: char| !first.is_alphabetic());
    if TAKEN.contains(&name.as_str()) || digit || name.is_empty() {
        return if digit { format!("run{name}Function") } else { format!("{name}Function") };
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(verb: Verb, table: &str) -> Parts {
        Parts {
            verb,
            mine: false,
            constants: Vec::new(),
            table: table.to_owned(),
            columns: Vec::new(),
            embeds: Vec::new(),
            page: false,
            by: Vec::new(),
        }
    }

    fn by(columns: &[(&str, &str)]) -> Vec<(String, String)> {
        columns.iter().map(|(column, operator)| ((*column).to_owned(), (*operator).to_owned())).collect()
    }

    #[track_caller]
    fn check(parts: Parts, name: &str) {
        assert_eq!(of(&parts), name);
    }

    #[test]
    fn a_name_says_verb_owner_constant_table_columns_and_filters() {
        check(parts(Verb::List, "templates"), "listTemplates");
        check(
            Parts { by: by(&[("project_id", "eq")]), ..parts(Verb::List, "tasks") },
            "listTasksByProjectId",
        );
        check(Parts { mine: true, ..parts(Verb::List, "projects") }, "listMyProjects");
        check(Parts { by: by(&[("id", "eq")]), ..parts(Verb::Get, "profiles") }, "getProfileById");
        check(Parts { mine: true, ..parts(Verb::Create, "tasks") }, "createMyTask");
        check(
            Parts {
                constants: vec!["assistant".into()],
                columns: vec!["id".into()],
                by: by(&[("project_id", "eq")]),
                ..parts(Verb::List, "tasks")
            },
            "listAssistantTaskIdsByProjectId",
        );
        check(Parts { by: by(&[("id", "eq")]), ..parts(Verb::Delete, "projects") }, "deleteProjectById");
        check(Parts { mine: true, ..parts(Verb::Update, "profiles") }, "updateMyProfile");
        check(Parts { mine: true, ..parts(Verb::Count, "projects") }, "countMyProjects");
        check(
            Parts { columns: vec!["id".into(), "name".into()], page: true, ..parts(Verb::List, "templates") },
            "listTemplatesPage",
        );
        check(Parts { by: by(&[("id", "in")]), ..parts(Verb::List, "templates") }, "listTemplatesByIdIn");
        check(Parts { by: by(&[("id", "eq")]), ..parts(Verb::Maybe, "templates") }, "maybeTemplateById");
        check(
            Parts {
                columns: vec!["id".into()],
                embeds: vec!["tasks".into()],
                ..parts(Verb::List, "projects")
            },
            "listProjectsWithTasks",
        );
        check(parts(Verb::CreateMany, "tasks"), "createManyTasks");
        check(parts(Verb::Get, "movies"), "getMovie");
        check(parts(Verb::Get, "bookshelves"), "getBookshelf");
        check(parts(Verb::Update, "mensagens"), "updateMensagem");
        check(parts(Verb::Update, "notificacoes"), "updateNotificacao");
        check(Parts { mine: true, ..parts(Verb::Delete, "notices") }, "deleteMyNotices");
        check(
            Parts { columns: vec!["order_index".into()], ..parts(Verb::List, "steps") },
            "listStepOrderIndexes",
        );
        check(parts(Verb::Rpc, "archive_project"), "archiveProject");
        check(Parts { mine: true, ..parts(Verb::Invoke, "suggest-tasks") }, "invokeMySuggestTasks");
    }

    #[test]
    fn nothing_is_said_twice_and_long_names_say_less() {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        check(Parts { columns: columns(&["role"]), ..parts(Verb::List, "user_roles") }, "listUserRoles");
        check(Parts { columns: columns(&["role"]), ..parts(Verb::Maybe, "user_roles") }, "maybeUserRole");
        check(
            Parts { columns: columns(&["conversation_id"]), ..parts(Verb::List, "hidden_conversations") },
            "listHiddenConversationIds",
        );
        check(Parts { columns: columns(&["id"]), ..parts(Verb::List, "grid") }, "listGridIds");
        check(
            Parts { embeds: columns(&["crew", "crew"]), ..parts(Verb::List, "boats") },
            "listBoatsWithCrew",
        );
        check(
            Parts { by: by(&[("left_at", "gte"), ("left_at", "lte")]), ..parts(Verb::List, "boats") },
            "listBoatsByLeftAtBetween",
        );
        check(
            Parts {
                columns: columns(&["last_message_at", "last_message_preview"]),
                by: by(&[("id", "eq")]),
                ..parts(Verb::Update, "conversations")
            },
            "updateConversationById",
        );
    }

    #[test]
    fn flags_lose_their_is_and_false_says_not() {
        check(Parts { constants: vec!["is_active".into()], ..parts(Verb::List, "plans") }, "listActivePlans");
        check(Parts { constants: vec!["!seen".into()], ..parts(Verb::List, "alarms") }, "listNotSeenAlarms");
        check(
            Parts { constants: vec!["IN_PROGRESS".into()], ..parts(Verb::Count, "jobs") },
            "countInProgressJobs",
        );
    }

    #[test]
    fn tables_are_singular_for_one_row() {
        for (table, one) in [
            ("categories", "Category"),
            ("boxes", "Box"),
            ("quizzes", "Quiz"),
            ("order_statuses", "OrderStatus"),
            ("warehouses", "Warehouse"),
            ("analyses", "Analysis"),
            ("expenses", "Expense"),
            ("batches", "Batch"),
            ("addresses", "Address"),
            ("status", "Status"),
            ("class", "Class"),
            ("news", "News"),
            ("user_roles", "UserRole"),
            ("watched", "Watched"),
        ] {
            assert_eq!(singular(&pascal(table)), one);
        }
    }

    #[test]
    fn a_name_that_means_something_already_is_not_taken() {
        check(parts(Verb::Rpc, "delete"), "deleteFunction");
        check(parts(Verb::Rpc, "to_string"), "toStringFunction");
    }

    #[test]
    fn two_queries_of_one_name_are_told_apart_by_where_they_stand() {
        assert_eq!(free("listTasks", None, |_| false), "listTasks");
        assert_eq!(free("listTasks", Some("report"), |name| name == "listTasks"), "listTasksForReport");
        assert_eq!(free("listTasks", None, |name| name == "listTasks"), "listTasks2");
        assert_eq!(free("listTasks", Some("handleHide"), |name| name == "listTasks"), "listTasksForHide");
        assert_eq!(free("checkRoom", Some("checkRoom"), |name| name == "checkRoom"), "callCheckRoom");
        assert_eq!(
            free("listTasks", Some("report"), |name| name != "listTasksForReport3"),
            "listTasksForReport3"
        );
    }

    #[test]
    fn modules_are_named_after_their_file() {
        for (file, module) in [
            ("ProjectBoard", "project-board"),
            ("useTMDBMovies", "use-tmdb-movies"),
            ("supabase.service", "supabase-service"),
            ("API", "api"),
        ] {
            assert_eq!(kebab(file), module);
        }
    }
}
