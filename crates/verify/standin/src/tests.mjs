// The tests of policies that a tree brings, without pgTAP: the functions of it that they call are made here.
import { readFileSync } from 'node:fs';

const PGTAP = readFileSync(new URL('../pgtap.sql', import.meta.url), 'utf8');

/** Runs a file of tests, which takes back what it does: how many pass, and what the others say. */
export async function tests(db, sql) {
  try {
    const results = await db.exec(`${PGTAP}\n${sql}`);
    const told = results.flatMap((result) => result.rows).flatMap((row) => (row.is ?? row.expect ? [row.is ?? row.expect] : []));
    const passed = told.filter((line) => line.startsWith('ok '));
    return { passed: passed.length, failed: told.filter((line) => !line.startsWith('ok ')).map((line) => line.replace(/^not ok /, '')) };
  } catch (error) {
    await db.exec('rollback');
    return { passed: 0, failed: [error.message] };
  } finally {
    await db.exec('reset search_path');
  }
}
