//! A plan on disk: hashes of every input, edits as byte ranges with pieces, no secret value. `format_version` 1.0.
