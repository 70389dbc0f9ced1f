//! Hosts: Vercel, Netlify, Docker, Cloudflare, plain Node.

/// A host.
pub trait Host: Sync {
    /// `vercel`, `netlify`, `docker`, `cloudflare`, `node`.
    fn id(&self) -> &'static str;
    /// Files that show it is in use.
    fn files(&self) -> &'static [&'static str];
}

/// All hosts.
pub static ALL: &[&dyn Host] = &[];
