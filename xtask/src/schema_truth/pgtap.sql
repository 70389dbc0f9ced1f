-- The three functions of pgTAP that the tests of policies call.
create schema pgtap;
set search_path = public, pgtap;
create function pgtap.plan(integer) returns text language sql as $$ select format('1..%s', $1) $$;
create function pgtap.is(have text, want text, called text) returns text language sql as $$
  select case when have is not distinct from want then format('ok %s', called)
    else format('not ok %s: is %s, expected %s', called, have, want) end
$$;
create function pgtap.finish() returns setof text language sql as $$ select null::text where false $$;
