//! The rotation list: every true secret that git has, once, with all its places. Rewriting does not un-leak.

use super::{Secret, kind_of};

/// One value that must be replaced at its service.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The kind: [`kind_of`](super::kind_of) describes it.
    pub kind: String,
    /// As in [`Secret::masked`].
    pub masked: String,
    /// The variable that the new value belongs in.
    pub env_name: String,
    /// Where a new one is made: an address or a few words.
    pub rotate_at: String,
    /// All places, as indices into [`Survey::secrets`](crate::Survey::secrets); never empty. The value of the first is what to look
    /// for in the history.
    pub places: Vec<usize>,
}

/// The list, by the first place of each value. Values in files that git does not have are left out, and so are placeholders that only serve as a default.
pub(crate) fn list(secrets: &[Secret]) -> Vec<Rotation> {
    let mut list: Vec<Rotation> = Vec::new();
    for (at, secret) in secrets.iter().enumerate() {
        if secret.public_by_design || !secret.tracked {
            continue;
        }
        match list.iter_mut().find(|entry| secrets[entry.places[0]].value == secret.value) {
            Some(entry) => entry.places.push(at),
            None => list.push(Rotation {
                kind: secret.kind.clone(),
                masked: secret.masked.clone(),
                env_name: secret.env_name.clone(),
                rotate_at: kind_of(&secret.kind)
                    .rotate
                    .clone()
                    .unwrap_or_else(|| "the service that it belongs to".to_owned()),
                places: vec![at],
            }),
        }
    }
    list
}
