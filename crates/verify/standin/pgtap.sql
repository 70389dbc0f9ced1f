-- The three functions of pgTAP that tests of policies call.
create schema if not exists pgtap;
create or replace function pgtap.plan(integer) returns text language sql as $$ select format('1..%s', $1) $$;
create or replace function pgtap.is(have text, want text, called text) returns text language sql as $$
  select case when have is not distinct from want then format('ok %s', called)
    else format('not ok %s: is %s, expected %s', called, have, want) end
$$;
create or replace function pgtap.finish() returns setof text language sql as $$ select null::text where false $$;
set search_path = public, pgtap;
