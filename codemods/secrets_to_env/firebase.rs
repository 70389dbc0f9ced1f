//! The rest of a Firebase web configuration. Its key alone in the environment would point at one project, the fields beside it
//! at another: they move together.

use super::fix::public_name;
use audit::Survey;
use audit::env::screaming;
use audit::secret::Secret;

/// What `initializeApp` takes, beside the key.
const FIELDS: &[&str] = &[
    "authDomain",
    "databaseURL",
    "projectId",
    "storageBucket",
    "messagingSenderId",
    "appId",
    "measurementId",
];

/// The fields beside a key that are texts, each with the variable that it goes to.
pub(super) fn beside(survey: &Survey<'_>, key: &Secret) -> Vec<(String, Secret)> {
    if key.kind != "firebase-web-key" {
        return Vec::new();
    }
    let file = survey.project.get(key.span.file);
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let literal = key.literal.and_then(|literal| tree.node_at(literal.range()));
    let pair = literal.and_then(|literal| literal.parent()).filter(|parent| parent.kind() == "pair");
    let Some(object) = pair.and_then(|pair| pair.parent()) else { return Vec::new() };
    let field = |pair: syntax::Node<'_>| {
        let name = tree.text(pair.child_by_field_name("key")?).trim_matches(['"', '\'']);
        let literal = pair.child_by_field_name("value")?;
        let value = syntax::view::string_value(tree, literal)?.into_owned();
        let inner = literal.start_byte() + 1..literal.end_byte() - 1;
        let plain = !value.is_empty() && file.text.get(inner.clone()) == Some(&value);
        (plain && FIELDS.contains(&name)).then(|| {
            let secret = Secret {
                span: file.span(inner),
                literal: Some(file.span(literal.byte_range())),
                value,
                ..key.clone()
            };
            (public_name(survey, &format!("FIREBASE_{}", screaming(name))), secret)
        })
    };
    object.named_children().filter(|pair| pair.kind() == "pair").filter_map(field).collect()
}
