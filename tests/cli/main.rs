//! The program as users and scripts see it, through its binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod exit_codes;
mod manual;
mod program;
mod reports;
mod settings;
mod verbs;
