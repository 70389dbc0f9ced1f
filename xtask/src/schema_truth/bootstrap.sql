-- What a hosted Supabase project has before the first migration, as far as migrations refer to it.
do $$ begin
  if not exists (select 1 from pg_roles where rolname='anon') then create role anon nologin noinherit; end if;
  if not exists (select 1 from pg_roles where rolname='authenticated') then create role authenticated nologin noinherit; end if;
  if not exists (select 1 from pg_roles where rolname='service_role') then create role service_role nologin noinherit bypassrls; end if;
  if not exists (select 1 from pg_roles where rolname='supabase_auth_admin') then create role supabase_auth_admin nologin noinherit createrole; end if;
  if not exists (select 1 from pg_roles where rolname='supabase_storage_admin') then create role supabase_storage_admin nologin noinherit; end if;
end $$;
grant anon, authenticated, service_role to current_user;
create schema if not exists extensions;
create schema if not exists auth;
create schema if not exists storage;
create schema if not exists realtime;
create schema if not exists cron;
create schema if not exists net;
do $$ begin create extension if not exists pgcrypto with schema extensions; exception when others then raise notice 'pgcrypto: %', sqlerrm; end $$;
do $$ begin create extension if not exists "uuid-ossp" with schema extensions; exception when others then raise notice 'uuid-ossp: %', sqlerrm; end $$;
do $$ begin execute format('alter database %I set search_path to "$user", public, extensions', current_database()); end $$;
set search_path to "$user", public, extensions;
grant usage on schema public, extensions, auth, storage to anon, authenticated, service_role;
-- Supabase's default privileges: everything made in public is reachable by the API roles; RLS is what protects it.
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
grant all on all tables in schema public to anon, authenticated, service_role;

create table if not exists auth.users (
  instance_id uuid, id uuid primary key default gen_random_uuid(), aud text default 'authenticated', role text default 'authenticated',
  email text, encrypted_password text, email_confirmed_at timestamptz, invited_at timestamptz,
  confirmation_token text, confirmation_sent_at timestamptz, recovery_token text, recovery_sent_at timestamptz,
  last_sign_in_at timestamptz, raw_app_meta_data jsonb default '{}'::jsonb, raw_user_meta_data jsonb default '{}'::jsonb,
  is_super_admin bool, created_at timestamptz default now(), updated_at timestamptz default now(),
  phone text unique, phone_confirmed_at timestamptz, banned_until timestamptz, deleted_at timestamptz, is_anonymous bool not null default false
);
create table if not exists auth.identities (id uuid primary key default gen_random_uuid(), provider_id text, user_id uuid references auth.users(id) on delete cascade,
  identity_data jsonb, provider text, last_sign_in_at timestamptz, created_at timestamptz default now(), updated_at timestamptz default now());
create table if not exists auth.sessions (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users(id) on delete cascade,
  created_at timestamptz default now(), updated_at timestamptz default now(), aal text default 'aal1', not_after timestamptz, user_agent text, ip inet);
create table if not exists auth.refresh_tokens (id bigserial primary key, token text unique, user_id uuid, session_id uuid references auth.sessions(id) on delete cascade,
  parent text, revoked bool default false, created_at timestamptz default now(), updated_at timestamptz default now());
create table if not exists auth.flow_state (id uuid primary key default gen_random_uuid(), user_id uuid, auth_code text unique, code_challenge text,
  code_challenge_method text, authentication_method text, redirect_to text, created_at timestamptz default now());
create table if not exists auth.one_time_tokens (token_hash text primary key, token text, user_id uuid references auth.users(id) on delete cascade, token_type text, flow_id uuid, redirect_to text, created_at timestamptz default now());

create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'))::text $$;
create or replace function auth.email() returns text language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')::text $$;
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''), nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
grant execute on all functions in schema auth to public;

create table if not exists storage.buckets (id text primary key, name text not null unique, owner uuid, created_at timestamptz default now(), updated_at timestamptz default now(),
  public bool default false, avif_autodetection bool default false, file_size_limit bigint, allowed_mime_types text[], owner_id text);
create table if not exists storage.objects (id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets(id), name text, owner uuid,
  created_at timestamptz default now(), updated_at timestamptz default now(), last_accessed_at timestamptz default now(), metadata jsonb, path_tokens text[] generated always as (string_to_array(name, '/')) stored,
  version text, owner_id text, user_metadata jsonb, unique (bucket_id, name));
alter table storage.objects enable row level security;
alter table storage.buckets enable row level security;
grant all on storage.objects, storage.buckets to anon, authenticated, service_role;
create or replace function storage.foldername(name text) returns text[] language plpgsql immutable as $$
declare _parts text[]; begin select string_to_array(name, '/') into _parts; return _parts[1:array_length(_parts,1)-1]; end $$;
create or replace function storage.filename(name text) returns text language plpgsql immutable as $$
declare _parts text[]; begin select string_to_array(name, '/') into _parts; return _parts[array_length(_parts,1)]; end $$;
create or replace function storage.extension(name text) returns text language plpgsql immutable as $$
declare _f text; begin _f := storage.filename(name); return reverse(split_part(reverse(_f), '.', 1)); end $$;
grant execute on all functions in schema storage to public;
do $$ begin if not exists (select 1 from pg_publication where pubname='supabase_realtime') then create publication supabase_realtime; end if; end $$;
create table if not exists realtime.messages (id uuid primary key default gen_random_uuid(), topic text, extension text, payload jsonb, event text, private boolean);
create or replace function cron.schedule(text, text, text) returns bigint language sql as $$ select 1::bigint $$;
