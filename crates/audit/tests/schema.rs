//! Which SQL of a tree makes its database.

use audit::Survey;
use edit::RelPath;
use project::Project;
use stack::Stack;
use std::path::Path;

#[test]
fn migrations_of_another_kind_of_database_are_not_replayed() {
    let file = |path: &str, text: &str| (RelPath::new(path).unwrap(), text.to_owned());
    let tables = |lock: &str| {
        let files = vec![
            file("package.json", "{}"),
            file("prisma/migrations/migration_lock.toml", lock),
            file(
                "prisma/migrations/1_boats/migration.sql",
                "create table boats (id text primary key, built datetime);",
            ),
        ];
        let project = Project::from_texts(Path::new("/app"), files);
        let stack = Stack::detect(&project);
        let survey = Survey::of(&project, &stack);
        survey.schema.replayed.len()
    };
    assert_eq!(tables("provider = \"sqlite\"\n"), 0);
    assert_eq!(tables("provider = \"postgresql\"\n"), 1);
}
