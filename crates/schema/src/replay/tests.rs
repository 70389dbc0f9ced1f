//! The replay on small texts.
use crate::{Schema, Source};
use edit::FileId;

fn replayed(files: &[(&str, &str)]) -> Schema {
    let sources: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(at, (path, text))| Source { file: FileId(at as u32), path, text })
        .collect();
    Schema::of(&sources)
}

fn schema(sql: &str) -> Schema {
    replayed(&[("supabase/migrations/1.sql", sql)])
}

/// The tables of `public`, one line each: columns with `!` for required, then keys.
fn tables(schema: &Schema) -> Vec<String> {
    let public = schema.tables.iter().filter(|(name, _)| name.schema == "public");
    public
        .map(|(name, table)| {
            let columns = table.columns.iter().map(|column| {
                format!("{} {}{}", column.name, column.kind, if column.required { "!" } else { "" })
            });
            let constraints = table.constraint_order.join(" ");
            format!("{}({}) {constraints}", name.name, columns.collect::<Vec<_>>().join(", "))
        })
        .collect()
}

fn policies(schema: &Schema, table: &str) -> Vec<String> {
    let table = schema.table(table).unwrap();
    let shown = table.policies.iter().map(|policy| {
        let part = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        format!(
            "{} {} to {}: {} / {}",
            policy.name,
            policy.command,
            policy.roles.join(","),
            part(&policy.using),
            part(&policy.check)
        )
    });
    shown.collect()
}

fn troubles(schema: &Schema) -> Vec<&str> {
    schema.troubles.iter().map(|trouble| trouble.kind).collect()
}

#[test]
fn tables_are_made_and_changed() {
    let schema = schema(
        "create type state as enum ('dry', 'afloat');
         create table boats (id uuid primary key default gen_random_uuid(), name text not null unique, state state);
         create table if not exists boats (id int);
         create table crew (id serial, boat_id uuid references boats on delete cascade, check (id > 0));
         alter table crew add column role text not null default 'deckhand', add primary key (id), drop constraint crew_id_check;
         alter table crew rename column role to rank;
         alter table boats alter column name drop not null, enable row level security;",
    );
    assert_eq!(
        tables(&schema),
        [
            "boats(id uuid!, name text, state state) boats_pkey boats_name_key",
            "crew(id integer!, boat_id uuid, rank text!) crew_boat_id_fkey crew_pkey"
        ]
    );
    assert!(schema.table("boats").unwrap().row_security);
    assert_eq!(schema.table("crew").unwrap().foreign_keys[0].on_delete.as_deref(), Some("cascade"));
    assert_eq!(troubles(&schema), [""; 0]);
}

#[test]
fn a_dump_quotes_what_needs_no_quotes() {
    let schema = schema(
        r#"create type "public"."state" as enum ('dry', 'afloat');
         create table if not exists "public"."boats" ("id" "uuid" default "extensions"."uuid_generate_v4"() not null, "tags" "text"[], "state" "public"."state" default 'dry'::"public"."state", "order" integer);
         alter table only "public"."boats" add constraint "boats_pkey" primary key ("id");
         create policy "own" on "public"."boats" to "authenticated" using (("id" = ( select "auth"."uid"() as "uid")) and "order" > 0);"#,
    );
    assert_eq!(tables(&schema), ["boats(id uuid!, tags text[], state state, order integer) boats_pkey"]);
    let boats = schema.table("boats").unwrap();
    assert_eq!(boats.columns[2].default.as_deref(), Some("'dry'::public.state"));
    assert_eq!(
        boats.policies[0].using.as_deref(),
        Some(r#"(id = ( select auth.uid() as uid)) and "order" > 0"#)
    );
    assert_eq!(troubles(&schema), [""; 0]);
}

#[test]
fn what_would_fail_changes_nothing_and_is_listed() {
    let schema = schema(
        "create table crew (id uuid primary key, boat_id uuid references boats(id));
         create table boats (id uuid primary key);
         create table boats (id uuid primary key);
         create policy if not exists a on boats for select using (true);
         create policy b on boats for select using (owner_id = auth.uid());
         alter table ships add column x int;
         create index on boats (nothing);",
    );
    assert_eq!(tables(&schema), ["boats(id uuid!) boats_pkey"]);
    assert_eq!(
        troubles(&schema),
        ["wrong-order", "duplicate", "not-understood", "no-such-object", "no-such-object", "no-such-object"]
    );
    assert_eq!(schema.troubles[2].message, "PostgreSQL cannot read this statement: expected ON.");
}

#[test]
fn a_type_of_the_public_schema_is_the_same_with_and_without_its_schema() {
    let schema = schema(
        "create type rank as enum ('mate', 'skipper');
         create function crew_of() returns table (id uuid, held rank) language plpgsql as $$ begin end $$;
         create or replace function public.crew_of() returns table(id uuid, held public.rank) language plpgsql
           set search_path = public as $$ begin end $$;",
    );
    assert_eq!(troubles(&schema), [""; 0]);
    assert!(schema.functions[0].search_path.is_some());
}

#[test]
fn policies_are_dropped_and_altered_in_order() {
    let schema = schema(
        "create table boats (id uuid primary key, owner_id uuid);
         create policy \"All see\" on public.boats for select using (true);
         create policy own on boats to authenticated using (auth.uid() = owner_id) with check (true);
         drop policy if exists \"All see\" on boats;
         alter policy own on boats with check ((select auth.uid()) = owner_id);
         create policy gone on boats for delete using (false);
         drop policy gone on boats;",
    );
    assert_eq!(
        policies(&schema, "boats"),
        ["own all to authenticated: auth.uid() = owner_id / (select auth.uid()) = owner_id"]
    );
}

#[test]
fn blocks_are_run_by_what_the_catalog_says() {
    let schema = schema(
        "create table boats (id uuid primary key);
         create policy a on boats for select using (true);
         create policy b on boats for select using (true);
         do $$ begin
           if not exists (select 1 from pg_type where typname = 'state') then create type state as enum ('dry'); end if;
           if not exists (select 1 from information_schema.columns where table_name = 'boats' and column_name = 'name') then
             alter table boats add column name text;
           end if;
           if exists (select 1 from pg_tables where tablename = 'ships') then drop table boats; end if;
         end $$;
         do $$ begin create type state as enum ('x'); exception when duplicate_object then null; end $$;
         do $$ declare r record; begin
           for r in (select policyname from pg_policies where tablename = 'boats') loop
             execute format('drop policy %I on boats', r.policyname);
           end loop;
         end $$;
         do $$ declare t text; begin
           foreach t in array array['boats'] loop execute 'alter table ' || t || ' enable row level security'; end loop;
         end $$;",
    );
    assert_eq!(tables(&schema), ["boats(id uuid!, name text) boats_pkey"]);
    assert_eq!(policies(&schema, "boats"), [""; 0]);
    assert!(schema.table("boats").unwrap().row_security);
    assert_eq!(troubles(&schema), [""; 0]);
}

#[test]
fn functions_triggers_and_their_rights() {
    let schema = schema(
        "create function on_join(a uuid default null) returns trigger language plpgsql security definer as $$ begin return new; end $$;
         create trigger joined after insert on auth.users for each row execute function on_join();
         create or replace function twice(n int) returns int language sql set search_path = '' as $$ select n * 2 $$;
         revoke execute on function twice(integer) from public, anon;
         alter function on_join(uuid) set search_path = public, pg_temp;",
    );
    let [join, twice] = schema.functions.as_slice() else { panic!("{:?}", schema.functions) };
    assert!(join.definer && join.search_path.as_deref() == Some("public, pg_temp"));
    assert_eq!(twice.search_path.as_deref(), Some(""));
    assert!(twice.callable_by("authenticated") || twice.revoked_from == ["public", "anon"]);
    assert!(!twice.callable_by("anon"));
    assert_eq!(schema.triggers[0].table.name, "users");
}

#[test]
fn procedures_are_altered_as_functions_are() {
    let schema = schema(
        "create procedure sweep(days int) language plpgsql as $$ begin delete from boats; end $$;
         alter procedure sweep(integer) set search_path = public;",
    );
    assert_eq!(schema.functions[0].search_path.as_deref(), Some("public"));
    assert_eq!(troubles(&schema), [""; 0]);
}

#[test]
fn buckets_and_publications() {
    let schema = schema(
        "create table boats (id uuid primary key);
         insert into storage.buckets (id, name, public) values ('a', 'a', true), ('b', 'b', false) on conflict do nothing;
         update storage.buckets set public = false where id = 'a';
         alter publication supabase_realtime add table boats;
         create policy up on storage.objects for insert with check (bucket_id = 'a');",
    );
    let shown: Vec<_> = schema.buckets.iter().map(|bucket| (bucket.id.as_str(), bucket.public)).collect();
    assert_eq!(shown, [("a", false), ("b", false)]);
    assert_eq!(schema.published[0].name, "boats");
    let objects = crate::Name { schema: "storage".to_owned(), name: "objects".to_owned() };
    assert_eq!(schema.tables[&objects].policies.len(), 1);
}

#[test]
fn a_column_that_a_policy_reads_stays_without_cascade() {
    let schema = schema(
        "create table boats (id uuid primary key, owner_id uuid);
         create policy own on boats for select using (auth.uid() = owner_id);
         alter table boats drop column owner_id;",
    );
    assert_eq!(tables(&schema), ["boats(id uuid!, owner_id uuid) boats_pkey"]);
    assert_eq!(troubles(&schema), ["no-such-object"]);
}

#[test]
fn scripts_of_other_databases_are_told_apart() {
    let schema =
        replayed(&[("db/dump.sql", "CREATE TABLE `boats` (`id` int AUTO_INCREMENT) ENGINE=InnoDB;")]);
    assert_eq!(troubles(&schema), ["not-sql"]);
    assert!(schema.replayed.is_empty());
}

#[test]
fn a_comment_about_names_in_ticks_is_no_other_database() {
    let schema = replayed(&[
        ("supabase/migrations/1.sql", "create table boats (id uuid primary key);"),
        (
            "supabase/migrations/2.sql",
            "-- `boats` (all of them) and `crew`\n-- had no AUTO_INCREMENT\nalter table boats enable row level security;",
        ),
    ]);
    assert_eq!(troubles(&schema), [""; 0]);
    assert!(schema.table("boats").unwrap().row_security);
}

#[test]
fn a_table_of_the_session_is_none_of_the_database() {
    let schema = schema(
        "create table boats (id uuid primary key);
         create temp table lost as select id from boats;
         create temporary table found on commit drop as select id from boats;
         create table kept as select id from boats;",
    );
    assert_eq!(tables(&schema), ["boats(id uuid!) boats_pkey", "kept() "]);
}

#[test]
fn a_part_of_a_table_knows_its_whole() {
    let schema = schema(
        "create table trips (id uuid, day date) partition by range (day);
         create table trips_2026 partition of trips for values from ('2026-01-01') to ('2027-01-01');",
    );
    let whole = schema.table("trips_2026").unwrap().part_of.as_ref().unwrap();
    assert_eq!(whole.name, "trips");
    assert!(schema.table("trips").unwrap().part_of.is_none());
}

#[test]
fn the_platforms_tables_keep_their_keys_when_a_table_that_names_them_goes() {
    let schema = schema(
        "create table boats (id uuid primary key);
         drop table boats cascade;
         create table boats (id uuid primary key references auth.users (id));",
    );
    assert_eq!(troubles(&schema), [""; 0]);
    assert_eq!(tables(&schema), ["boats(id uuid!) boats_pkey boats_id_fkey"]);
}

#[test]
fn a_dump_may_name_in_a_function_what_comes_later() {
    let (off, function) = (
        "SET check_function_bodies = false;",
        "create function count_boats() returns bigint language sql as $$ select count(*) from boats $$;
         create table boats (id uuid);",
    );
    assert_eq!(schema(&format!("{off}\n{function}")).functions.len(), 1);
    assert_eq!(schema(function).functions.len(), 0);
}

#[test]
fn a_view_is_shown_until_that_is_revoked() {
    let schema = schema(
        "create table boats (id uuid);
         create view open as select id from boats;
         create view closed as select id from boats;
         revoke select on closed from anon, authenticated;
         create or replace view closed as select id from boats where id is not null;
         create view staff as select id from boats;
         revoke all on staff from anon, authenticated;
         grant select on staff to authenticated;",
    );
    let shown =
        |role| schema.views.iter().filter(move |(_, it)| it.shown_to(role)).map(|(name, _)| &*name.name);
    assert_eq!(shown("anon").collect::<Vec<_>>(), ["open"]);
    assert_eq!(shown("authenticated").collect::<Vec<_>>(), ["open", "staff"]);
}

#[test]
fn an_index_knows_in_which_order_it_is() {
    let schema = schema(
        "create table boats (club_id uuid, built date, name text);
         create index up on boats (club_id, built ASC NULLS LAST);
         create index down on boats (club_id, built  DESC NULLS FIRST);
         create index start on boats (name text_pattern_ops);",
    );
    let boats = schema.table("boats").unwrap();
    let orders: Vec<_> = boats.indexes.iter().map(|index| index.orders.join(",")).collect();
    assert_eq!(orders, [",", ",desc", "text_pattern_ops"]);
}

#[test]
fn what_postgres_does_not_keep() {
    let long = "anybody who is a member of the club may read the boats of its members";
    let schema = schema(&format!(
        "create table boats (id uuid primary key, name text default null, size text default null::text);
         create policy \"{long}\" on boats for select using (true);"
    ));
    let boats = schema.table("boats").unwrap();
    assert!(boats.columns.iter().all(|column| column.default.is_none()));
    assert_eq!(boats.policies[0].name, long[..63]);
    assert_eq!(crate::suffixed(&boats.policies[0].name, " (read)"), format!("{} (read)", &long[..56]));
}

#[test]
fn a_loop_over_a_list_of_tables_turns_on_what_is_there() {
    let schema = schema(
        "create table boats (id uuid primary key, club_id uuid);
         create table crew (id uuid primary key);
         create table oars (id uuid primary key);
         do $$ declare r record; has_club boolean; own text; begin
           for r in select t as tablename from (values ('boats'), ('crew'), ('gone')) v(t) loop
             if not exists (select 1 from pg_tables where tablename = r.tablename) then continue; end if;
             select exists (select 1 from information_schema.columns where table_name = r.tablename and column_name = 'club_id') into has_club;
             if not has_club then continue; end if;
             own := r.tablename || '_own';
             execute format('alter table public.%I enable row level security', r.tablename);
             execute format('create policy %I on public.%I for select using (club_id is not null)', own, r.tablename);
           end loop;
           for r in select unnest(array['oars']) as name loop
             execute format('alter table %I enable row level security', r.name);
           end loop;
         end $$;
         do $$ declare t text; begin
           for t in select unnest(array['crew', 'oars']) loop
             execute format('create policy \"seen %I\" on public.%I for select using (true)', t, t);
           end loop;
         end $$;",
    );
    assert_eq!(troubles(&schema), [""; 0]);
    let on = |name: &str| schema.table(name).unwrap().row_security;
    assert_eq!([on("boats"), on("crew"), on("oars")], [true, false, true]);
    assert_eq!(schema.table("boats").unwrap().policies[0].name, "boats_own");
    assert_eq!(schema.table("crew").unwrap().policies[0].name, "seen crew");
}

#[test]
fn a_loop_over_the_functions_takes_the_right_to_call_them() {
    let schema = schema(
        "create function moor(boat uuid) returns void language sql security definer as $$ select 1 $$;
         create function rate(boat uuid, stars integer) returns void language sql security definer as $$ select 1 $$;
         create function sail() returns void language sql as $$ select 1 $$;
         do $$ declare r record; names text[] := array['moor', 'sail']; begin
           for r in select p.oid::regprocedure as sig from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = 'public' and p.proname = any (names) and p.prosecdef loop
             execute format('revoke all on function %s from public, anon', r.sig);
           end loop;
           for r in select p.proname, pg_get_function_identity_arguments(p.oid) as args from pg_proc p where p.proname = 'rate' loop
             execute format('revoke all on function public.%I(%s) from public, anon', r.proname, r.args);
           end loop;
         end $$;",
    );
    assert_eq!(troubles(&schema), [""; 0]);
    let open: Vec<_> =
        schema.functions.iter().filter(|it| it.callable_by("anon")).map(|it| &*it.name.name).collect();
    assert_eq!(open, ["sail"]);
}

#[test]
fn what_is_grouped_by_may_be_a_name_of_the_output() {
    let schema = schema(
        "create table trips (id uuid primary key, at timestamptz, km int);
         create view days as select date_trunc('day', at) as day, sum(km) as total from trips group by day order by total desc;
         create view wrong as select km from trips group by weight;",
    );
    assert_eq!(troubles(&schema), ["no-such-object"]);
    assert!(schema.views.keys().any(|name| name.name == "days"));
}

#[test]
fn a_file_that_fails_takes_no_policy_from_a_table_without_another() {
    let files = [
        (
            "supabase/migrations/1.sql",
            "create table boats (id uuid primary key, owner_id uuid);
             create policy own on boats for select using (owner_id = auth.uid());",
        ),
        (
            "supabase/migrations/2.sql",
            "drop policy own on boats; create policy crew on boats for select using (is_crew(id));",
        ),
        (
            "scripts/functions.sql",
            "create function is_crew(boat uuid) returns boolean as 'select true' language sql;",
        ),
    ];
    let schema = replayed(&files);
    assert_eq!(policies(&schema, "boats"), ["own select to public: owner_id = auth.uid() / -"]);
    assert_eq!(schema.written.failing.into_iter().collect::<Vec<_>>(), [FileId(1)]);
    assert_eq!(
        schema.troubles[0].message,
        "The function `is_crew` is made only by a script beside the migrations, so this statement fails."
    );
}

#[test]
fn a_type_of_two_names_is_one() {
    let function = |row: &str| {
        format!(
            "create or replace function moored() returns table ({row}) language plpgsql as $$ begin end $$;"
        )
    };
    let both = [
        function("id int, at timestamptz, fee decimal(8, 2)"),
        function("id integer,\n at TIMESTAMP WITH TIME ZONE, fee numeric(8,2)"),
    ];
    assert_eq!(troubles(&schema(&both.join("\n"))), [""; 0]);
    let other = [function("id int"), function("id bigint")];
    assert_eq!(troubles(&schema(&other.join("\n"))), ["duplicate"]);
}

#[test]
fn a_migration_that_was_taken_back_and_written_again_leaves_nothing() {
    let boats = |kind: &str| {
        format!(
            "create table boats (id uuid primary key, by {kind} not null); insert into boats values (gen_random_uuid(), 'harbour');"
        )
    };
    let first = format!("{} create policy crew on boats for select using (true);", boats("uuid"));
    let files = [
        ("supabase/migrations/1.sql", first.as_str()),
        (
            "supabase/migrations/2.sql",
            &format!("{} create policy all_in on boats using (true);", boats("text")),
        ),
    ];
    let schema = replayed(&files);
    assert_eq!(troubles(&schema), ["wrong-value"]);
    assert_eq!(schema.troubles[0].span.file, FileId(0));
    assert_eq!(tables(&schema), ["boats(id uuid!, by text!) boats_pkey"]);
    assert_eq!(policies(&schema, "boats"), ["all_in all to public: true / -"]);
    // A script beside the history is filled in before it is run.
    assert_eq!(troubles(&replayed(&[("scripts/1.sql", &first)])), [""; 0]);
    // What nothing makes again may have been made by hand.
    assert_eq!(policies(&replayed(&files[..1]), "boats"), ["crew select to public: true / -"]);
}
