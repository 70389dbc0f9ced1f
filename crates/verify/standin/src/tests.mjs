// The tests of policies that a tree brings, without pgTAP: the functions of it that they call are made here.
const PGTAP = `
  create schema if not exists pgtap;
  create or replace function pgtap.plan(integer) returns text language sql as $$ select '1..' || $1 $$;
  create or replace function pgtap.is(have text, want text, called text) returns text language sql as $$
    select case when have is not distinct from want then 'ok ' || called
      else format('%s: is %s, expected %s', called, have, want) end $$;
  create or replace function pgtap.finish() returns setof text language sql as $$ select null::text where false $$;`;

/** Runs a file of tests, which takes back what it does: how many pass, and what the others say. */
export async function tests(db, sql) {
  await db.exec(PGTAP);
  try {
    const results = await db.exec(`set search_path = public, pgtap;\n${sql}`);
    const told = results.flatMap((result) => result.rows).flatMap((row) => (row.is ?? row.expect ? [row.is ?? row.expect] : []));
    const passed = told.filter((line) => line.startsWith('ok '));
    return { passed: passed.length, failed: told.filter((line) => !line.startsWith('ok ')) };
  } catch (error) {
    await db.exec('rollback');
    return { passed: 0, failed: [error.message] };
  } finally {
    await db.exec('reset search_path');
  }
}
