//! Who may show the app in a frame: nobody, unless it frames its own pages, or hands out code that frames them elsewhere.

use super::uses;
use audit::Survey;
use syntax::view::{TemplatePart, jsx_attributes, jsx_name, template_parts, unwrapped, walk};
use syntax::{Node, Tree};

/// The pages that may frame the app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Framing {
    Nobody,
    Own,
    /// Other sites too: which ones, the code does not say.
    Others,
}

/// Segments of addresses that are made to be framed.
const MADE_FOR_FRAMES: &[&str] = &["embed", "embeds", "embedded", "widget", "widgets", "iframe"];

/// Reads the app, once for all who ask.
pub(crate) fn of(survey: &Survey<'_>) -> Framing {
    *survey.memo.of(|| read(survey))
}

fn read(survey: &Survey<'_>) -> Framing {
    let made = |url: &str| url.split('/').any(|segment| MADE_FOR_FRAMES.contains(&segment));
    if survey.routes.iter().any(|route| made(&route.url)) {
        return Framing::Others;
    }
    let files = uses::code(survey).filter(|file| file.text.contains("<iframe"));
    files.filter_map(|file| Some(in_code(file.syntax()?.0))).max().unwrap_or(Framing::Nobody)
}

fn in_code(tree: &Tree) -> Framing {
    let mut framing = Framing::Nobody;
    walk(tree.root(), &mut |node| {
        let found = match node.kind() {
            "string" | "template_string" if handed_out(tree.text(node)) => Framing::Others,
            "jsx_self_closing_element" | "jsx_opening_element" if jsx_name(tree, node) == Some("iframe") => {
                shown(tree, node)
            }
            _ => Framing::Nobody,
        };
        framing = framing.max(found);
        true
    });
    framing
}

/// Whether a text is the code of a frame around a page of the app: its address is computed, or a path.
fn handed_out(text: &str) -> bool {
    text.split("<iframe").skip(1).any(|rest| {
        let address = rest.split("src=").nth(1).map(|rest| rest.trim_start_matches(['\\', '"', '\'']));
        address.is_some_and(|address| address.starts_with(['$', '/']) && !address.starts_with("//"))
    })
}

/// A frame that a page shows: one of an address that is written down is another site's.
fn shown(tree: &Tree, element: Node<'_>) -> Framing {
    let source = jsx_attributes(tree, element).into_iter().find(|(name, _, _)| *name == "src");
    let Some(value) = source.and_then(|(_, _, value)| value) else { return Framing::Nobody };
    match template_parts(tree, unwrapped(value)).as_deref() {
        Some([TemplatePart::Text(first), ..]) if !first.starts_with('/') || first.starts_with("//") => {
            Framing::Nobody
        }
        _ => Framing::Own,
    }
}

impl Framing {
    /// A text with the headers that forbid all framing, as this one has them.
    pub(crate) fn said(self, text: String) -> String {
        match self {
            Self::Nobody => text,
            Self::Own => text
                .replace("frame-ancestors 'none'", "frame-ancestors 'self'")
                .replace("frameAncestors: [\"'none'\"]", "frameAncestors: [\"'self'\"]")
                .replace("xFrameOptions: \"DENY\"", "xFrameOptions: \"SAMEORIGIN\"")
                .replace("\"X-Frame-Options\", \"DENY\"", "\"X-Frame-Options\", \"SAMEORIGIN\""),
            Self::Others => {
                let lines = text.split_inclusive('\n').filter(|line| {
                    let line = line.trim();
                    !line.starts_with("frameAncestors:")
                        && !line.starts_with("\"frame-ancestors")
                        && !line.starts_with("headers.set(\"X-Frame-Options\"")
                });
                lines
                    .collect::<String>()
                    .replace("; frame-ancestors 'none'", "")
                    .replace("|frame-ancestors", "")
                    .replace(
                        "xFrameOptions: \"DENY\"",
                        "// other sites show pages of this app\n  xFrameOptions: false",
                    )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_frames_the_apps_pages_is_told_from_a_player() {
        assert!(handed_out("`<iframe src=\"${origin}/embed/events/${id}\"></iframe>`"));
        assert!(handed_out("'<iframe width=\"100%\" src=\"/calendar\">'"));
        assert!(!handed_out("`<iframe src=\"https://player.example.com/${id}\"></iframe>`"));
        assert!(!handed_out("text.includes('<iframe')"));
    }

    #[test]
    fn the_headers_follow() {
        let text = "  xFrameOptions: \"DENY\",\n    frameAncestors: [\"'none'\"],\n    scriptSrc: x,\n";
        assert_eq!(Framing::Nobody.said(text.to_owned()), text);
        assert!(Framing::Own.said(text.to_owned()).contains("frameAncestors: [\"'self'\"]"));
        let open = Framing::Others.said(text.to_owned());
        assert!(!open.contains("frameAncestors") && open.contains("xFrameOptions: false"));
    }
}
