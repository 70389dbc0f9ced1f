//! The list of routes that the router's plugin writes with every build: new routes are named in it, so that the types know them before.

/// What is put in at which place (a byte offset) for routes at the root, by the path of their modules below `src/routes`, without the
/// ending; `None` where the list is not as the plugin writes it.
pub(super) fn entries(text: &str, routes: &[&str]) -> Option<Vec<(usize, String)>> {
    if text.contains('\r') || !text.contains("rootRouteImport") {
        return None;
    }
    let imported = line_of(text, text.rfind("import { Route as ")?);
    let quote = text[imported.clone()].chars().find(|letter| matches!(letter, '\'' | '"'))?;
    let end = if text[imported.clone()].ends_with(';') { ";" } else { "" };
    let made = line_of(text, text.rfind("\n} as any)")? + 1);
    let ids: Vec<String> = routes.iter().map(|route| format!("{quote}/{route}{quote}")).collect();
    let names: Vec<String> = routes.iter().map(|route| name(route)).collect();
    let each = |line: &dyn Fn(&str, &str, &str) -> String| {
        let all = routes.iter().zip(&ids).zip(&names);
        all.map(|((route, id), name)| line(route, id, name)).collect::<String>()
    };
    let typed = each(&|_, id, name| format!("\n  {id}: typeof {name}Route{end}"));
    let union = each(&|_, id, _| format!("\n    | {id}"));
    let inline = each(&|_, id, _| format!(" | {id}"));
    let closing = |opening: &str, close: &str| {
        let start = text.find(opening)?;
        Some(start + text[start..].find(close)?)
    };
    let mut found = vec![
        (
            imported.end,
            each(&|route, _, name| {
                format!("\nimport {{ Route as {name}RouteImport }} from {quote}./routes/{route}{quote}{end}")
            }),
        ),
        (
            made.end,
            each(&|_, id, name| {
                format!(
                    "\nconst {name}Route = {name}RouteImport.update({{\n  id: {id},\n  path: {id},\n  getParentRoute: () => rootRouteImport,\n}} as any){end}"
                )
            }),
        ),
        (closing("interface FileRoutesByFullPath {", "\n}")?, typed.clone()),
        (closing("interface FileRoutesByTo {", "\n}")?, typed.clone()),
        (closing("interface FileRoutesById {", "\n}")?, typed),
        (
            closing("interface RootRouteChildren {", "\n}")?,
            each(&|_, _, name| format!("\n  {name}Route: typeof {name}Route{end}")),
        ),
        (
            closing("interface FileRoutesByPath {", "\n  }\n")?,
            each(&|_, id, name| {
                format!(
                    "\n    {id}: {{\n      id: {id}{end}\n      path: {id}{end}\n      fullPath: {id}{end}\n      preLoaderRoute: typeof {name}RouteImport{end}\n      parentRoute: typeof rootRouteImport{end}\n    }}{end}"
                )
            }),
        ),
        (
            closing("const rootRouteChildren: RootRouteChildren = {", "\n}")?,
            each(&|_, _, name| format!("\n  {name}Route: {name}Route,")),
        ),
    ];
    let types = text.find("interface FileRouteTypes {")?;
    for key in ["\n  fullPaths:", "\n  to:", "\n  id:"] {
        let mut line = line_of(text, types + text[types..].find(key)? + 1);
        let plain = text[line.clone()].trim_end().ends_with(':');
        while plain && text[line.end..].starts_with("\n    | ") {
            line = line_of(text, line.end + 1);
        }
        let union = if plain { &union } else { &inline };
        let before = text[line.clone()].trim_end_matches(';').len();
        found.push((line.start + before, union.clone()));
    }
    found.sort();
    Some(found)
}

/// `api/functions/$name`: `ApiFunctionsName`; a lone `$` takes the rest of an address.
fn name(route: &str) -> String {
    let part = |part: &str| {
        let word = if part == "$" { "splat" } else { part.trim_start_matches('$') };
        let (first, rest) = word.split_at(1.min(word.len()));
        first.to_uppercase() + rest
    };
    route.split('/').map(part).collect()
}

/// The line around a place, without its end.
fn line_of(text: &str, at: usize) -> std::ops::Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    start..end
}

#[cfg(test)]
mod tests {
    use super::{entries, name};

    const TREE: &str = "import { Route as rootRouteImport } from './routes/__root'
import { Route as IndexRouteImport } from './routes/index'

const IndexRoute = IndexRouteImport.update({
  id: '/',
  path: '/',
  getParentRoute: () => rootRouteImport,
} as any)

export interface FileRoutesByFullPath {
  '/': typeof IndexRoute
}
export interface FileRoutesByTo {
  '/': typeof IndexRoute
}
export interface FileRoutesById {
  __root__: typeof rootRouteImport
  '/': typeof IndexRoute
}
export interface FileRouteTypes {
  fileRoutesByFullPath: FileRoutesByFullPath
  fullPaths: '/'
  fileRoutesByTo: FileRoutesByTo
  to: '/'
  id:
    | '__root__'
    | '/'
  fileRoutesById: FileRoutesById
}
export interface RootRouteChildren {
  IndexRoute: typeof IndexRoute
}

declare module '@tanstack/react-router' {
  interface FileRoutesByPath {
    '/': {
      id: '/'
      path: '/'
      fullPath: '/'
      preLoaderRoute: typeof IndexRouteImport
      parentRoute: typeof rootRouteImport
    }
  }
}

const rootRouteChildren: RootRouteChildren = {
  IndexRoute: IndexRoute,
}
export const routeTree = rootRouteImport
  ._addFileChildren(rootRouteChildren)
  ._addFileTypes<FileRouteTypes>()
";

    fn with(text: &str, routes: &[&str]) -> String {
        let mut out = text.to_owned();
        for (at, more) in entries(text, routes).expect("a list").into_iter().rev() {
            out.insert_str(at, &more);
        }
        out
    }

    #[test]
    fn a_route_is_named_wherever_the_plugin_names_one() {
        let whole = with(TREE, &["api/health"]);
        for line in [
            "import { Route as IndexRouteImport } from './routes/index'\nimport { Route as ApiHealthRouteImport } from './routes/api/health'\n",
            "} as any)\nconst ApiHealthRoute = ApiHealthRouteImport.update({\n  id: '/api/health',\n  path: '/api/health',\n  getParentRoute: () => rootRouteImport,\n} as any)\n\nexport",
            "  fullPaths: '/' | '/api/health'\n",
            "  to: '/' | '/api/health'\n",
            "    | '/'\n    | '/api/health'\n  fileRoutesById",
            "  IndexRoute: typeof IndexRoute\n  ApiHealthRoute: typeof ApiHealthRoute\n}",
            "    }\n    '/api/health': {\n      id: '/api/health'\n",
            "  IndexRoute: IndexRoute,\n  ApiHealthRoute: ApiHealthRoute,\n}",
        ] {
            assert!(whole.contains(line), "{line}\n---\n{whole}");
        }
        assert_eq!(whole.matches("  '/api/health': typeof ApiHealthRoute\n").count(), 3);
    }

    #[test]
    fn a_list_that_was_formatted_keeps_its_form() {
        let formatted: String = TREE
            .lines()
            .map(|line| {
                let ends = line.ends_with('{') || line.ends_with(',') || line.is_empty() || line == "}";
                let open = line.ends_with(':') || line.contains("'__root__'") || line.starts_with("  }");
                let chained = line.starts_with("  ._addFileChildren") || line.ends_with("= rootRouteImport");
                let end = if ends || open || chained { "" } else { ";" };
                format!("{}{end}\n", line.replace('\'', "\""))
            })
            .collect();
        let whole = with(&formatted, &["api/health", "api/supabase/$"]);
        assert!(
            whole.contains(
                "import { Route as ApiSupabaseSplatRouteImport } from \"./routes/api/supabase/$\";\n"
            )
        );
        assert!(whole.contains("    | \"/\"\n    | \"/api/health\"\n    | \"/api/supabase/$\";\n"));
        assert!(whole.contains("  to: \"/\" | \"/api/health\" | \"/api/supabase/$\";\n"));
    }

    #[test]
    fn another_list_is_left_alone() {
        assert_eq!(entries("export const routeTree = [];\n", &["api/health"]), None);
        assert_eq!(name("api/functions/$name"), "ApiFunctionsName");
    }
}
