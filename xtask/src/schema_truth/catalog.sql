-- The state of a database as lines, in the words of schema_truth/mod.rs.
select format('enum %s: %s', t.typname, string_agg(e.enumlabel, ', ' order by e.enumsortorder))
  from pg_type t join pg_enum e on e.enumtypid = t.oid join pg_namespace n on n.oid = t.typnamespace where n.nspname = 'public' group by t.typname
union all
select format('table %s rls=%s', c.relname, c.relrowsecurity)
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
union all
select format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then ' not null' else '' end, case when a.atthasdef and a.attgenerated = '' then ' default' else '' end,
    case when a.attgenerated <> '' or a.attidentity <> '' then ' generated' else '' end)
  from pg_attribute a join pg_class c on c.oid = a.attrelid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
union all
select format('constraint %s.%s %s (%s)%s', c.relname, k.conname, k.contype,
    case when k.contype = 'c' then '' else (select string_agg(a.attname, ', ' order by o.n) from unnest(k.conkey) with ordinality o(at, n) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.at) end,
    case when k.contype = 'f' then ' -> ' || k.confrelid::regclass::text || coalesce(case k.confdeltype when 'c' then ' cascade' when 'n' then ' set null' when 'd' then ' set default' when 'r' then ' restrict' end, '') else '' end)
  from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f', 'c')
union all
select format('index %s on %s (%s)%s%s', i.relname, c.relname,
    (select string_agg(case when k.at = 0 then 'expression' else a.attname end, ', ' order by k.n) from unnest(x.indkey::int[]) with ordinality k(at, n) left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.at where k.n <= x.indnkeyatts),
    case when x.indisunique then ' unique' else '' end, case when m.amname <> 'btree' then ' ' || m.amname else '' end)
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid join pg_am m on m.oid = i.relam
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
union all
select format('policy %s.%s "%s" %s %s to %s using %s check %s', schemaname, tablename, policyname, lower(cmd), lower(permissive),
    (select string_agg(r::text, ', ' order by r::text) from unnest(roles) r), coalesce(regexp_replace(qual, '\s+', ' ', 'g'), '-'), coalesce(regexp_replace(with_check, '\s+', ' ', 'g'), '-'))
  from pg_policies where schemaname in ('public', 'storage', 'realtime') and policyname not like '\_\_probe%'
union all
select format('function %s(%s) %s%s%s returns %s', p.proname,
    (select string_agg(format_type(t, null), ', ' order by n) from unnest(p.proargtypes) with ordinality a(t, n)),
    l.lanname, case when p.prosecdef then ' definer' else '' end,
    coalesce((select ' search_path=' || replace(replace(substr(c, 13), '"', ''), ' ', '') from unnest(p.proconfig) c where c like 'search_path=%'), ''),
    case when p.prokind = 'p' then '' else split_part(pg_get_function_result(p.oid), '(', 1) end)
  from pg_proc p join pg_language l on l.oid = p.prolang
  where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
union all
select format('trigger %s on %s.%s: %s', t.tgname, n.nspname, c.relname, p.proname)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace join pg_proc p on p.oid = t.tgfoid where not t.tgisinternal
union all
select format('view %s%s', c.relname, case when array_to_string(c.reloptions, ',') ~* 'security_invoker=(on|true)' then ' invoker' else '' end)
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
union all
select format('published %s.%s', schemaname, tablename) from pg_publication_tables where pubname = 'supabase_realtime'
union all
select format('bucket %s public=%s', id, coalesce(public, false)) from storage.buckets
union all
select format('execute %s(%s): %s', p.proname, (select string_agg(format_type(t, null), ', ' order by n) from unnest(p.proargtypes) with ordinality a(t, n)), r)
  from pg_proc p cross join unnest(array['anon', 'authenticated']) r
  where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype and p.prorettype <> 'event_trigger'::regtype and has_function_privilege(r, p.oid, 'execute')
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e');
