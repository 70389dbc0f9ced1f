//! The program as users and scripts see it, through its binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod canary;
mod exit_codes;
mod kill;
mod manual;
mod program;
mod reports;
mod settings;
mod verbs;
