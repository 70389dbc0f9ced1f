-- What migrations refer to and the stand-in does not serve.
create schema if not exists cron;
create schema if not exists net;
create or replace function cron.schedule(text, text, text) returns bigint language sql as $$ select 1::bigint $$;
create table if not exists realtime.messages (id uuid primary key default gen_random_uuid(), topic text, extension text, payload jsonb, event text, private boolean);
-- The stand-in's own, which a hosted project has not.
alter table auth.users drop constraint users_email_key;
drop function realtime.standin_install(), realtime.standin_notify();
