//! Pages of the app whose addresses lie below those of functions (`/api/`) and of built files (`/assets/`): each host and server has
//! to know them before it says that something is missing there.

use audit::Survey;

/// These pages: `:name` for a part, `/*` at the end for the rest. Those with a part that not every host can write are left out.
pub fn pages(survey: &Survey<'_>) -> Vec<String> {
    let routes = survey.routes.iter().filter(|route| route.literal);
    let mut pages: Vec<String> = routes.map(|route| route.url.clone()).filter(|url| is_below(url)).collect();
    pages.sort();
    pages.dedup();
    pages
}

/// Whether a page lies below the addresses of the server, and not of built files.
pub fn of_server(page: &str) -> bool {
    page == "/api" || page.starts_with("/api/")
}

fn is_below(url: &str) -> bool {
    let mut parts = url.trim_start_matches('/').split('/').peekable();
    if !parts.next().is_some_and(|first| matches!(first, "api" | "assets")) {
        return false;
    }
    while let Some(part) = parts.next() {
        let name = part.strip_prefix(':').unwrap_or(part);
        let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let plain = |letter: char| word(letter) || letter == '-' && !part.starts_with(':');
        let known = !name.is_empty() && name.chars().all(plain);
        if !(known || part == "*" && parts.peek().is_none()) {
            return false;
        }
    }
    true
}

/// A page in the pattern syntax of `vercel.json`.
pub(super) fn vercel(page: &str) -> String {
    page.strip_suffix("/*").map_or_else(|| page.to_owned(), |start| format!("{start}/:rest*"))
}

/// The pages as one regular expression of nginx.
pub fn nginx(pages: &[String]) -> String {
    let part = |part: &str| match part {
        "*" => ".*".to_owned(),
        _ if part.starts_with(':') => "[^/]+".to_owned(),
        _ => part.to_owned(),
    };
    let page = |page: &String| {
        let parts: Vec<String> = page.trim_start_matches('/').split('/').map(part).collect();
        parts.join("/").replace("/.*", "(/.*)?")
    };
    format!("^/({})/?$", pages.iter().map(page).collect::<Vec<_>>().join("|"))
}

#[cfg(test)]
mod tests {
    use super::{is_below, nginx, vercel};

    #[test]
    fn pages_below_are_those_that_every_host_can_write() {
        for page in
            ["/api/oauth/callback", "/api/:version/guide", "/assets", "/assets/rooms/:id", "/api/guide/*"]
        {
            assert!(is_below(page), "{page}");
        }
        for other in ["/", "*", "/apiary", "/rooms/api", "/api/*/guide", "/api/:a-b", "/api/x(y)", "/api/"] {
            assert!(!is_below(other), "{other}");
        }
    }

    #[test]
    fn each_host_writes_a_page_in_its_own_way() {
        assert_eq!(vercel("/api/guide/*"), "/api/guide/:rest*");
        let pages = ["/api/guide/*", "/assets/rooms/:id"].map(str::to_owned);
        assert_eq!(nginx(&pages), "^/(api/guide(/.*)?|assets/rooms/[^/]+)/?$");
    }
}
