import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../src/server.mjs';

test('a file that fails inside a transaction of its own takes no other file along', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'standin-'));
  writeFileSync(join(folder, '1.sql'), 'begin; create table public.boats (id int); select 1 from nothing; commit;');
  writeFileSync(join(folder, '2.sql'), 'create table public.piers (id int);');
  const standin = await start({ dbUrl: 'pglite:', migrations: folder });
  assert.deepEqual(
    standin.applied.map(({ f, ok, code }) => [f, ok, code]),
    [
      ['1.sql', false, '42P01'],
      ['2.sql', true, undefined],
    ],
  );
  await standin.close();
  rmSync(folder, { recursive: true });
});
