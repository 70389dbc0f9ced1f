//! The builder's wrapper of the configuration: which version it is, and whether it builds the server elsewhere than in the builder.

use crate::build_hardening::Object;
use audit::Survey;
use edit::{Edit, Span};
use project::File;
use project::package::Package;
use syntax::view::code_children;

/// The package.
pub(super) const WRAPPED: &str = "@lovable.dev/vite-tanstack-config";

/// A configuration that has the server built in the builder alone.
pub(crate) struct LeftOut {
    /// The import of the wrapper.
    pub(crate) span: Span,
    /// Asks for the server; `None` where that would not be enough, or the configuration cannot be edited.
    pub(crate) edit: Option<Edit>,
}

/// Since its second version the wrapper leaves the plug-in of the server out of a build elsewhere, unless an option asks for it.
pub(crate) fn left_out(survey: &Survey<'_>) -> Option<LeftOut> {
    let app = survey.project.apps.first()?;
    let package = survey.project.packages.get(app.package)?;
    if major(package)? < 2 {
        return None;
    }
    let file = survey.stack.framework.config_file(survey.project, app)?;
    let import = file.module.imports.iter().find(|import| import.specifier == WRAPPED)?;
    let span = file.span(import.range.clone());
    let Some(config) = Object::exported(file).filter(|_| is_plain(file)) else {
        // A function is asked for the bundler's own options only.
        let asked = file.text.contains("nitro");
        return (!asked).then_some(LeftOut { span, edit: None });
    };
    match config.value("nitro") {
        Some("false") => Some(LeftOut { span, edit: None }),
        Some(_) => None,
        None => {
            let installed =
                package.dependencies.contains_key("nitro") || package.resolved.contains_key("nitro");
            // Of the first version: it said that no server of that host is wanted.
            let refused = config.value("cloudflare").is_some();
            let edit = (installed && !refused)
                .then(|| config.add("nitro: true, // elsewhere than in the builder the server is built only where it is asked for"));
            Some(LeftOut { span, edit })
        }
    }
}

/// Whether nothing is spread into the configuration.
fn is_plain(file: &File) -> bool {
    let Some((tree, _)) = file.syntax() else { return false };
    let mut plain = true;
    syntax::view::walk(tree.root(), &mut |node| {
        plain &=
            !(node.kind() == "object" && code_children(node).any(|child| child.kind() == "spread_element"));
        plain
    });
    plain
}

/// Whether the wrapper is of the version that knows one host, and the tree is configured for another.
pub(super) fn is_first(survey: &Survey<'_>) -> bool {
    survey.project.packages.iter().any(|package| major(package) == Some(1))
        && survey.stack.hosts.iter().any(|host| host.id() != "cloudflare")
}

/// The major version of the wrapper, if the package has it.
fn major(package: &Package) -> Option<u32> {
    if !package.dependencies.contains_key(WRAPPED) {
        return None;
    }
    package.version(WRAPPED)?.split('.').next()?.parse().ok()
}
