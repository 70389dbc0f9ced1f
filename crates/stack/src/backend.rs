//! Backends: Supabase, Firebase, Postgres drivers, own servers.

/// A backend.
pub trait Backend: Sync {
    /// `supabase`, `firebase`, `postgres`, `mongo`, …
    fn id(&self) -> &'static str;
    /// Packages that bring it.
    fn packages(&self) -> &'static [&'static str];
    /// Environment names that its SDKs read by themselves, never named in code (`POSTGRES_URL`), by package.
    fn implicit_env(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// All backends.
pub static ALL: &[&dyn Backend] = &[];
