//! TOML: string values with ranges; a key set.

/// All string values with their path and range (quotes included).
pub fn strings(_text: &str) -> Vec<super::json::Scalar> {
    Vec::new()
}
