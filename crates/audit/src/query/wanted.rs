//! Which files are looked at: those with a word that a query of some backend of the tree cannot do without. All others are not even
//! parsed for this.

use aho_corasick::AhoCorasick;
use project::File;
use std::sync::LazyLock;

/// What a file or a tree may hold, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted(u8);

impl Wanted {
    pub(super) const CLIENT: Self = Self(1);
    pub(super) const CHAIN: Self = Self(2);
    pub(super) const FIREBASE: Self = Self(4);
    pub(super) const SQL: Self = Self(8);
    pub(super) const MAPPER: Self = Self(16);
    pub(super) const STORE: Self = Self(32);
    pub(super) const REST: Self = Self(64);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The words, and what each speaks for.
const WORDS: &[(&str, Wanted)] = &[
    ("create", Wanted::CLIENT),
    ("Client", Wanted::CLIENT),
    ("irestore", Wanted::CLIENT),
    ("getDatabase", Wanted::CLIENT),
    ("getStorage", Wanted::CLIENT),
    ("getFunctions", Wanted::CLIENT),
    ("neon", Wanted::CLIENT),
    ("Pool", Wanted::CLIENT),
    ("postgres", Wanted::CLIENT),
    ("drizzle", Wanted::CLIENT),
    ("Database", Wanted::CLIENT),
    ("sqlite", Wanted::CLIENT),
    ("Sequelize", Wanted::CLIENT),
    ("Redis", Wanted::CLIENT),
    ("redis", Wanted::CLIENT),
    (".from", Wanted::CHAIN),
    (".rpc", Wanted::CHAIN),
    (".channel", Wanted::CHAIN),
    (".invoke", Wanted::CHAIN),
    (".storage", Wanted::CHAIN),
    ("[\"from\"]", Wanted::CHAIN),
    ("['from']", Wanted::CHAIN),
    ("firestore", Wanted::FIREBASE),
    ("firebase", Wanted::FIREBASE),
    (".collection", Wanted::FIREBASE),
    ("sql", Wanted::SQL),
    (".query", Wanted::SQL),
    (".execute", Wanted::SQL),
    (".prepare", Wanted::SQL),
    (".exec", Wanted::SQL),
    (".unsafe", Wanted::SQL),
    ("SELECT", Wanted::SQL),
    ("INSERT", Wanted::SQL),
    (".find", Wanted::MAPPER),
    (".create", Wanted::MAPPER),
    (".update", Wanted::MAPPER),
    (".delete", Wanted::MAPPER),
    (".insert", Wanted::MAPPER),
    (".select", Wanted::MAPPER),
    (".count", Wanted::MAPPER),
    (".aggregate", Wanted::MAPPER),
    (".upsert", Wanted::MAPPER),
    (".save", Wanted::MAPPER),
    (".bulk", Wanted::MAPPER),
    (".destroy", Wanted::MAPPER),
    (".execute", Wanted::MAPPER),
    ("$queryRaw", Wanted::MAPPER),
    ("$executeRaw", Wanted::MAPPER),
    (".get", Wanted::STORE),
    (".set", Wanted::STORE),
    (".del", Wanted::STORE),
    (".incr", Wanted::STORE),
    (".expire", Wanted::STORE),
    (".push", Wanted::STORE),
    (".hset", Wanted::STORE),
    (".hget", Wanted::STORE),
    (".zadd", Wanted::STORE),
    (".lpush", Wanted::STORE),
    (".rpush", Wanted::STORE),
    (".sadd", Wanted::STORE),
    ("fetch", Wanted::REST),
    ("axios", Wanted::REST),
];

static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(aho_corasick::MatchKind::Standard)
        .build(WORDS.iter().map(|(word, _)| word))
        .expect("the words are plain")
});

/// What the words of a file allow, as far as the tree has any use for it.
pub(super) fn of_file(file: &File, of_tree: Wanted) -> Wanted {
    let mut found = Wanted::default();
    for at in SEARCH.find_overlapping_iter(&*file.text) {
        found = found.and(Wanted(WORDS[at.pattern().as_usize()].1.0 & of_tree.0));
        if found == of_tree {
            break;
        }
    }
    found
}

/// What the imports and addresses of a whole tree allow.
pub(super) fn of_tree(files: &[&File]) -> Wanted {
    let mut found = Wanted::default();
    let imports = files
        .iter()
        .flat_map(|file| &file.module.imports)
        .filter(|import| !import.specifier.starts_with('.'));
    for import in imports {
        let name = import.specifier.as_str();
        found = found.and(match stack::backend::package_of(name) {
            package if package.starts_with("@supabase/") => Wanted::CHAIN,
            "firebase" | "firebase-admin" | "@firebase/firestore" | "@react-native-firebase/firestore" => {
                Wanted::FIREBASE
            }
            "@neondatabase/serverless"
            | "pg"
            | "postgres"
            | "@vercel/postgres"
            | "mysql"
            | "mysql2"
            | "@planetscale/database"
            | "better-sqlite3"
            | "bun:sqlite"
            | "sqlite3"
            | "sqlite"
            | "@libsql/client"
            | "expo-sqlite" => Wanted::SQL,
            "drizzle-orm" | "mongoose" | "mongodb" => Wanted::MAPPER,
            "sequelize" => Wanted::MAPPER.and(Wanted::SQL),
            "@vercel/kv" | "@upstash/redis" | "redis" | "ioredis" => Wanted::STORE,
            package if package.contains("prisma") => Wanted::MAPPER,
            _ => Wanted::default(),
        });
    }
    let addresses = ["/rest/v1", "/functions/v1", "/storage/v1"];
    if files.iter().any(|file| addresses.iter().any(|mark| file.text.contains(mark))) {
        found = found.and(Wanted::REST);
    }
    if found == Wanted::default() { found } else { found.and(Wanted::CLIENT) }
}
