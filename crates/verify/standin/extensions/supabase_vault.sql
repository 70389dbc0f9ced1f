-- Secrets are kept as they are: nothing here is worth hiding.
create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, description text not null default '',
  secret text not null, key_id uuid, nonce bytea, created_at timestamptz not null default now(), updated_at timestamptz not null default now());
create view vault.decrypted_secrets as select *, secret as decrypted_secret from vault.secrets;
create function vault.create_secret(new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null)
  returns uuid language sql security definer as $$
  insert into vault.secrets (secret, name, description, key_id) values ($1, $2, $3, $4) returning id $$;
create function vault.update_secret(secret_id uuid, new_secret text default null, new_name text default null,
  new_description text default null, new_key_id uuid default null) returns void language sql security definer as $$
  update vault.secrets set secret = coalesce($2, secret), name = coalesce($3, name), description = coalesce($4, description),
    key_id = coalesce($5, key_id), updated_at = now() where id = $1 $$;
revoke all on all functions in schema vault from public;
