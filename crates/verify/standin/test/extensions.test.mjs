import { test } from 'node:test';
import assert from 'node:assert/strict';
import { openDb } from '../src/db.mjs';

test('what a hosted project offers is there for migrations that ask for it', async () => {
  const sql = `
    create extension if not exists pg_cron with schema extensions;
    CREATE EXTENSION IF NOT EXISTS "pg_net" WITH SCHEMA extensions;
    create extension pgmq;
    create extension if not exists supabase_vault with schema vault;
    create extension if not exists unaccent with schema extensions;
    create extension if not exists btree_gist;
    select cron.schedule('nightly', '0 3 * * *', $$ select net.http_post(url := 'https://example.test', body := '{}'::jsonb) $$);
    select cron.schedule('nightly', '0 4 * * *', 'select 1');
    select vault.create_secret('s3cret', 'key');
    select pgmq.create('mails');
    select pgmq.send('mails', '{"to":"ada"}');`;
  const db = await openDb('pglite:', sql);
  await db.exec(sql);
  const one = async (text) => Object.values((await db.query(text)).rows[0])[0];
  assert.equal(await one('select string_agg(schedule, $$,$$) from cron.job'), '0 4 * * *');
  assert.equal(await one(`select decrypted_secret from vault.decrypted_secrets where name = 'key'`), 's3cret');
  assert.equal(await one(`select message ->> 'to' from pgmq.read('mails', 30, 5)`), 'ada');
  assert.equal(Number(await one(`select count(*) from pgmq.read('mails', 30, 5)`)), 0);
  assert.equal(await one(`select pgmq.archive('mails', 1)`), true);
  assert.ok(await one(`select net.http_get('https://example.test')`));
  assert.equal(await one(`select extensions.unaccent('é')`), 'e');
  await assert.rejects(db.query(`select cron.unschedule('no such job')`), /could not find valid entry/);
  await db.close();
});
