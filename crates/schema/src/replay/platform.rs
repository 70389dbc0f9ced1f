//! What a Supabase project has before its first migration.

use crate::{Column, Constraint, Name, Schema, Table};

/// Schema, name, row level security, columns with their types.
type PlatformTable = (&'static str, &'static str, bool, &'static [(&'static str, &'static str)]);

/// Adds the tables of the platform that migrations refer to.
pub(crate) fn lay(schema: &mut Schema) {
    let tables: [PlatformTable; 6] = [
        (
            "auth",
            "users",
            true,
            &[
                ("id", "uuid"),
                ("instance_id", "uuid"),
                ("aud", "character varying(255)"),
                ("role", "character varying(255)"),
                ("email", "character varying(255)"),
                ("encrypted_password", "character varying(255)"),
                ("email_confirmed_at", "timestamp with time zone"),
                ("confirmed_at", "timestamp with time zone"),
                ("invited_at", "timestamp with time zone"),
                ("confirmation_token", "character varying(255)"),
                ("confirmation_sent_at", "timestamp with time zone"),
                ("recovery_token", "character varying(255)"),
                ("recovery_sent_at", "timestamp with time zone"),
                ("email_change_token_new", "character varying(255)"),
                ("email_change", "character varying(255)"),
                ("email_change_sent_at", "timestamp with time zone"),
                ("last_sign_in_at", "timestamp with time zone"),
                ("raw_app_meta_data", "jsonb"),
                ("raw_user_meta_data", "jsonb"),
                ("is_super_admin", "boolean"),
                ("created_at", "timestamp with time zone"),
                ("updated_at", "timestamp with time zone"),
                ("phone", "text"),
                ("phone_confirmed_at", "timestamp with time zone"),
                ("banned_until", "timestamp with time zone"),
                ("deleted_at", "timestamp with time zone"),
                ("is_sso_user", "boolean"),
                ("is_anonymous", "boolean"),
            ],
        ),
        (
            "auth",
            "identities",
            true,
            &[
                ("id", "uuid"),
                ("provider_id", "text"),
                ("user_id", "uuid"),
                ("identity_data", "jsonb"),
                ("provider", "text"),
                ("email", "text"),
                ("created_at", "timestamp with time zone"),
            ],
        ),
        (
            "auth",
            "sessions",
            true,
            &[("id", "uuid"), ("user_id", "uuid"), ("created_at", "timestamp with time zone")],
        ),
        (
            "storage",
            "buckets",
            true,
            &[
                ("id", "text"),
                ("name", "text"),
                ("owner", "uuid"),
                ("owner_id", "text"),
                ("public", "boolean"),
                ("file_size_limit", "bigint"),
                ("allowed_mime_types", "text[]"),
                ("avif_autodetection", "boolean"),
                ("created_at", "timestamp with time zone"),
                ("updated_at", "timestamp with time zone"),
            ],
        ),
        (
            "storage",
            "objects",
            true,
            &[
                ("id", "uuid"),
                ("bucket_id", "text"),
                ("name", "text"),
                ("owner", "uuid"),
                ("owner_id", "text"),
                ("metadata", "jsonb"),
                ("user_metadata", "jsonb"),
                ("path_tokens", "text[]"),
                ("version", "text"),
                ("created_at", "timestamp with time zone"),
                ("updated_at", "timestamp with time zone"),
                ("last_accessed_at", "timestamp with time zone"),
            ],
        ),
        (
            "realtime",
            "messages",
            true,
            &[
                ("id", "uuid"),
                ("topic", "text"),
                ("extension", "text"),
                ("payload", "jsonb"),
                ("event", "text"),
                ("private", "boolean"),
            ],
        ),
    ];
    for (of, name, row_security, columns) in tables {
        let columns = columns.iter().map(|(name, kind)| Column {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            required: *name == "id",
            ..Column::default()
        });
        let mut table = Table { columns: columns.collect(), row_security, ..Table::default() };
        // As constraints: the keys are read from them again whenever a constraint of the table comes or goes.
        table.constrain(format!("{name}_pkey"), Constraint::Primary(vec!["id".to_owned()]));
        if name == "users" {
            table.constrain("users_phone_key".to_owned(), Constraint::Unique(vec!["phone".to_owned()]));
        }
        schema.tables.insert(Name { schema: of.to_owned(), name: name.to_owned() }, table);
    }
}

/// Schemas of the platform: what they hold is not for the export to make.
pub(crate) fn owns(schema: &str) -> bool {
    matches!(
        schema,
        "auth"
            | "storage"
            | "realtime"
            | "extensions"
            | "vault"
            | "graphql"
            | "graphql_public"
            | "supabase_functions"
            | "supabase_migrations"
            | "net"
            | "cron"
            | "pgmq"
            | "pg_catalog"
            | "information_schema"
    )
}
