//! The shapes of secrets as data: `data/secrets.toml`, compiled at need. A text that holds none of a rule's keywords costs that rule
//! nothing; all keywords are looked for in one pass.

use aho_corasick::AhoCorasick;
use regex::Regex;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};
use toml_edit::{DocumentMut, Table};

/// What is known of one kind of secret.
#[derive(Debug)]
pub struct Kind {
    /// `openai-api-key`.
    pub id: String,
    /// For people: `OpenAI API key`.
    pub title: String,
    /// The variable it usually lives in.
    pub env: String,
    /// Public by design: never a leak.
    pub public: bool,
    /// Where a new one is made: an address or a few words.
    pub rotate: Option<String>,
    shape: Option<Shape>,
}

#[derive(Debug)]
struct Shape {
    pattern: String,
    /// Compiled at the first text that holds a keyword of it.
    regex: OnceLock<Regex>,
    entropy: f64,
    digit: bool,
}

impl Shape {
    fn regex(&self) -> &Regex {
        // A boundary of words by ASCII alone: by Unicode it costs many times as much in every text that is not ASCII.
        let pattern = || self.pattern.replace(r"\b", r"(?-u:\b)");
        self.regex.get_or_init(|| Regex::new(&pattern()).expect("a rule's regex compiles"))
    }
}

struct Rules {
    kinds: Vec<Kind>,
    keywords: AhoCorasick,
    /// By keyword: the kind it calls for.
    calls: Vec<usize>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let document =
        include_str!("../../data/secrets.toml").parse::<DocumentMut>().expect("data/secrets.toml parses");
    let tables = document["rules"].as_array_of_tables().expect("data/secrets.toml holds [[rules]]");
    let mut rules = Rules {
        kinds: Vec::new(),
        keywords: AhoCorasick::new([""; 0]).expect("no keywords"),
        calls: Vec::new(),
    };
    let mut keywords = Vec::new();
    for table in tables {
        for keyword in table.get("keywords").and_then(|item| item.as_array()).into_iter().flatten() {
            keywords.push(keyword.as_str().expect("a keyword is text").to_owned());
            rules.calls.push(rules.kinds.len());
        }
        rules.kinds.push(kind(table));
    }
    rules.keywords = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(keywords)
        .expect("the keywords are few and short");
    rules
});

fn kind(table: &Table) -> Kind {
    let text = |key: &str| table.get(key).and_then(|item| item.as_str()).map(str::to_owned);
    let flag = |key: &str| table.get(key).and_then(|item| item.as_bool()).unwrap_or(false);
    // Secrets are ASCII: the classes mean that, which keeps the automata small and fast.
    let ascii = |pattern: &str| {
        pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]")
    };
    let shape = text("regex").map(|pattern| Shape {
        pattern: ascii(&pattern),
        regex: OnceLock::new(),
        entropy: table.get("entropy").and_then(|item| item.as_float()).unwrap_or(0.0),
        digit: flag("digit"),
    });
    Kind {
        id: text("id").expect("a rule has an id"),
        title: text("title").expect("a rule has a title"),
        env: text("env").expect("a rule has a variable"),
        public: flag("public"),
        rotate: text("rotate"),
        shape,
    }
}

/// The kind of an id. Ids that no rule has are described as plain secrets.
pub fn kind_of(id: &str) -> &'static Kind {
    let kinds = &RULES.kinds;
    kinds.iter().find(|kind| kind.id == id).or(kinds.last()).expect("there is at least one rule")
}

/// Every value in `text` that has the shape of a kind: ranges apart, in source order. Where two overlap, the earlier rule wins.
pub(super) fn shapes(text: &str) -> Vec<(&'static Kind, Range<usize>)> {
    let rules = &*RULES;
    let mut called = vec![false; rules.kinds.len()];
    for found in rules.keywords.find_overlapping_iter(text) {
        called[rules.calls[found.pattern().as_usize()]] = true;
    }
    let mut values: Vec<(&'static Kind, Range<usize>)> = Vec::new();
    let candidates = rules.kinds.iter().zip(called).filter(|(_, called)| *called);
    for (kind, shape) in candidates.filter_map(|(kind, _)| Some((kind, kind.shape.as_ref()?))) {
        for captures in shape.regex().captures_iter(text) {
            let Some(value) = captures.get(1).or(captures.get(0)) else { continue };
            let apart =
                values.iter().all(|(_, other)| value.end() <= other.start || other.end <= value.start());
            let digit = !shape.digit || value.as_str().bytes().any(|byte| byte.is_ascii_digit());
            if apart && digit && super::judge::entropy(value.as_str()) >= shape.entropy {
                values.push((kind, value.range()));
            }
        }
    }
    values.sort_by_key(|(_, range)| range.start);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles_and_ids_are_unique() {
        let mut ids: Vec<&str> = RULES.kinds.iter().map(|kind| kind.id.as_str()).collect();
        ids.sort_unstable();
        let before = ids.len();
        ids.dedup();
        assert_eq!(before, ids.len());
        for shape in RULES.kinds.iter().filter_map(|kind| kind.shape.as_ref()) {
            assert!(!shape.regex().is_match(""));
        }
        assert!(
            RULES.kinds.iter().all(|kind| kind.shape.is_none()
                || RULES.calls.iter().any(|call| RULES.kinds[*call].id == kind.id))
        );
    }

    #[test]
    fn the_last_rule_is_the_plain_one() {
        assert_eq!(kind_of("no such kind").id, "generic-secret");
    }

    #[test]
    fn an_earlier_rule_wins_where_two_match() {
        let text = format!("key = \"sk-ant-api03-{}\"", "Fixture7Only2Never9Real4Key1Here8Made");
        let kinds: Vec<&str> = shapes(&text).iter().map(|(kind, _)| kind.id.as_str()).collect();
        assert_eq!(kinds, ["anthropic-api-key"]);
    }
}
