//! What is no part of the app: tests with what sets them up, and what a builder threw away. Whoever judges code or SQL by whether
//! it runs asks here.

use project::File;
use syntax::module::ImportKind;

/// By name or folder. Only asked of what nothing reaches: `app/api/test/route.ts` is a route like any other.
pub fn is_test(file: &File) -> bool {
    is_surely_test(file) || file.path.folder().split('/').any(|part| matches!(part, "tests" | "test"))
}

/// Whether nothing but a test runner loads the file, wherever it stands: by its name, by the folder of a runner, or because it
/// imports one.
pub fn is_surely_test(file: &File) -> bool {
    let (path, name) = (file.path.as_str(), file.path.name());
    let folders = ["__tests__", "__mocks__", "e2e", "cypress", "playwright"];
    let sets_up =
        ["playwright-fixture.", "setupTests.", "jest.setup.", "vitest.setup.", "jest.config.", "test-setup."];
    let runners = ["@playwright/test", "vitest", "@jest/globals", "node:test", "mocha", "cypress"];
    [".test.", ".spec.", ".cy.", ".stories."].iter().any(|mark| name.contains(mark))
        || file.path.folder().split('/').any(|part| folders.contains(&part))
        || sets_up.iter().any(|start| name.starts_with(start))
        || path.starts_with("test/")
        || path.starts_with("tests/")
        || file.module.imports.iter().any(|import| {
            runners.contains(&import.specifier.as_str())
                && !import.type_only
                && import.kind != ImportKind::Url
        })
}

/// Whether a builder threw the file away: what stands there never ran.
pub fn is_discarded(file: &File) -> bool {
    file.path.folder().split('/').any(|part| part == "supabase_discarded_migrations")
}
