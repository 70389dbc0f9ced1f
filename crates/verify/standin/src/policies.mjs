// What a visitor without a session may do, asked of PostgreSQL itself: every statement runs as the role `anon`, and is taken back.
const REFUSED = '42501';

/** One row for each table of `public`: whether row level security is on, its policies, and what `anon` could do. */
export async function policies(db) {
  const { rows: tables } = await db.query(`
    select c.relname as name, c.relrowsecurity as enabled,
      coalesce((select json_agg(json_build_object('name', p.policyname, 'command', p.cmd, 'roles', p.roles::text[]))
        from pg_policies p where p.schemaname = 'public' and p.tablename = c.relname), '[]')::text as policies
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`);
  const out = [];
  for (const table of tables) {
    const name = `public."${table.name.replaceAll('"', '""')}"`;
    out.push({
      table: table.name,
      enabled: table.enabled === true || table.enabled === 't',
      policies: typeof table.policies === 'string' ? JSON.parse(table.policies) : table.policies,
      // A constraint that complains has let the row past the policies: they are asked first.
      insert: (await asAnon(db, `insert into ${name} default values`)) === REFUSED ? 'refused' : 'allowed',
    });
  }
  return out;
}

/** The error code of a statement as `anon`; `null` if it went through. Nothing of it stays. */
async function asAnon(db, statement) {
  const undo = new Error('undo');
  try {
    await db.tx(async (t) => {
      await t.query(`select set_config('role', 'anon', true), set_config('request.jwt.claims', '{"role":"anon"}', true)`);
      await t.query(statement);
      throw undo;
    });
  } catch (error) {
    return error === undo ? null : (error.code ?? 'unknown');
  }
}
