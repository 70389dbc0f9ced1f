//! Components of libraries that are handed the client, of which is known what they ask it for.

use audit::Survey;
use project::File;
use project::graph::{Graph, Origin};
use syntax::Node;
use syntax::Tree;
use syntax::view::{jsx_attributes, string_value, wrapped};

/// A component, and the methods of `auth` that it calls.
struct Known {
    package: &'static str,
    component: &'static str,
    methods: &'static [&'static str],
    /// Hooks of the package that hand the client on.
    hands_on: &'static [&'static str],
}

/// By the sources of the packages.
const KNOWN: &[Known] = &[
    Known {
        package: "@supabase/auth-ui-react",
        component: "Auth",
        methods: &[
            "onAuthStateChange",
            "signInWithPassword",
            "signInWithOAuth",
            "signInWithOtp",
            "signUp",
            "resetPasswordForEmail",
            "updateUser",
            "verifyOtp",
        ],
        hands_on: &[],
    },
    Known {
        package: "@supabase/auth-helpers-react",
        component: "SessionContextProvider",
        methods: &["getSession", "onAuthStateChange"],
        hands_on: &["useSupabaseClient", "useSessionContext"],
    },
];

/// The methods of `auth` that a component calls to which `node` is handed; `None` where that is not known.
pub(super) fn asks(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    node: Node<'_>,
) -> Option<&'static [&'static str]> {
    let value = wrapped(node).parent().filter(|value| value.kind() == "jsx_expression")?;
    let attribute = value.parent().filter(|attribute| attribute.kind() == "jsx_attribute")?;
    let element = attribute.parent()?;
    let name = element.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
    let Origin::Package(package, component) = Graph::origin(survey.project, file.id, name.byte_range())
    else {
        return None;
    };
    let known = KNOWN.iter().find(|known| known.package == package && known.component == component)?;
    let attributes = jsx_attributes(tree, element);
    let handed = attributes.iter().any(|(name, whole, _)| *name == "supabaseClient" && *whole == attribute);
    // Codes that are sent to a phone.
    let by_phone = attributes.iter().any(|(name, _, value)| {
        let text = value.and_then(|value| string_value(tree, value));
        *name == "otpType" || *name == "view" && text.as_deref() == Some("verify_otp")
    });
    let hands_on = super::uses::code(survey).any(|file| {
        file.module.imports.iter().filter(|import| import.specifier == package).any(|import| {
            let mut names = import.names.iter();
            names.any(|name| known.hands_on.iter().any(|hook| file.text[name.range.clone()].contains(hook)))
        })
    });
    (handed && !by_phone && !hands_on).then_some(known.methods)
}
