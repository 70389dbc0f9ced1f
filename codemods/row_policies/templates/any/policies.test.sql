-- Written by migrate. Who may do what with a row of each table, as the policies stand: `supabase test db` asks them.
-- Four letters for select, insert, update, delete; `-` is refused, `?` is not asked, for it takes more than one row to tell.
begin;
set local client_min_messages = warning;
-- As the API sets them, also where nobody is signed in: the app's own functions may read them.
set local request.jwt.claims = '{}';
set local request.headers = '{}';
select plan(__PLAN__);

-- Tries `verb` on a row of `owner` as `visitor`, and undoes it. Only who may is asked: what a row must hold, and what follows
-- from a change, is out of the way meanwhile.
create function pg_temp.tried(target regclass, owner_column text, visitor text, verb text) returns text
language plpgsql as $$
declare
  owner constant text := 'a0000000-0000-4000-8000-000000000001';
  other constant text := 'b0000000-0000-4000-8000-000000000002';
  mine constant text := coalesce(quote_ident(owner_column) || format(' = %L', owner), 'true');
  anew constant text := coalesce('(' || quote_ident(owner_column) || format(') values (%L)', owner), 'default values');
  any_column text;
  part record;
  touched bigint;
begin
  for part in select conname from pg_constraint where conrelid = target and contype <> 'n' loop
    execute format('alter table %s drop constraint if exists %I cascade', target, part.conname);
  end loop;
  for part in
    select attname from pg_attribute
    where attrelid = target and attnum > 0 and attnotnull and attidentity = '' and not attisdropped
  loop
    execute format('alter table %s alter column %I drop not null', target, part.attname);
  end loop;
  execute format('alter table %s replica identity full, disable trigger user', target);
  if verb <> 'insert' then
    execute format('insert into %s %s', target, anew);
  end if;
  select coalesce(owner_column, min(attname::text)) into any_column from pg_attribute
  where attrelid = target and attnum > 0 and attgenerated = '' and attidentity = '' and not attisdropped;

  perform set_config('request.jwt.claims', case visitor
    when 'signed out' then '{"role": "anon"}'
    else json_build_object('role', 'authenticated', 'sub', case visitor when 'owner' then owner else other end)::text
  end, true);
  perform set_config('role', case visitor when 'signed out' then 'anon' else 'authenticated' end, true);
  execute case verb
    when 'select' then format('select 1 from %s where %s', target, mine)
    when 'insert' then format('insert into %s %s', target, anew)
    when 'update' then format('update %s set %I = %2$I where %s', target, any_column, mine)
    when 'delete' then format('delete from %s where %s', target, mine)
  end;
  get diagnostics touched = row_count;
  raise exception using errcode = 'UNDO1', message = case when touched > 0 then left(verb, 1) else '-' end;
exception
  when insufficient_privilege then return '-';
  when sqlstate 'UNDO1' then return sqlerrm;
  when others then return format('(%s)', sqlerrm);
end $$;

create function pg_temp.expect(target regclass, owner_column text, visitor text, expected text) returns text
language sql as $$
  select is(
    string_agg(case when letter = '?' then letter else pg_temp.tried(target, owner_column, visitor, verb) end, '' order by place),
    expected, format('%s: %s', target, visitor)
  )
  from unnest(array['select', 'insert', 'update', 'delete'], string_to_array(expected, null)) with ordinality as asked (verb, letter, place)
$$;

__EXPECTED__

select * from finish();
rollback;
