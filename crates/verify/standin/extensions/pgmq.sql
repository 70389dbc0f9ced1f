-- Queues as tables, as the extension keeps them. Who calls needs the right to the tables.
create schema pgmq;
create type pgmq.message_record as (msg_id bigint, read_ct int, enqueued_at timestamptz, vt timestamptz, message jsonb);
create table pgmq.meta (queue_name text primary key, is_partitioned boolean not null default false, is_unlogged boolean not null default false,
  created_at timestamptz not null default now());
create function pgmq."create"(queue_name text) returns void language plpgsql as $$ begin
  execute format('create table if not exists pgmq.%I (msg_id bigint generated always as identity primary key, read_ct int not null default 0,
    enqueued_at timestamptz not null default now(), vt timestamptz not null, message jsonb)', 'q_' || queue_name);
  execute format('create table if not exists pgmq.%I (msg_id bigint primary key, read_ct int not null default 0, enqueued_at timestamptz not null default now(),
    archived_at timestamptz not null default now(), vt timestamptz not null, message jsonb)', 'a_' || queue_name);
  insert into pgmq.meta (queue_name) values ($1) on conflict do nothing; end $$;
create function pgmq.drop_queue(queue_name text) returns boolean language plpgsql as $$ begin
  execute format('drop table if exists pgmq.%I, pgmq.%I', 'q_' || queue_name, 'a_' || queue_name);
  delete from pgmq.meta where meta.queue_name = $1;
  return found; end $$;
create function pgmq.send(queue_name text, msg jsonb, delay int default 0) returns setof bigint language plpgsql as $$ begin
  return query execute format('insert into pgmq.%I (vt, message) values (now() + make_interval(secs => $1), $2) returning msg_id', 'q_' || queue_name)
    using delay, msg; end $$;
create function pgmq.read(queue_name text, vt int, qty int) returns setof pgmq.message_record language plpgsql as $$ begin
  return query execute format('update pgmq.%1$I q set vt = now() + make_interval(secs => $1), read_ct = read_ct + 1
    where msg_id in (select msg_id from pgmq.%1$I where vt <= now() order by msg_id limit $2)
    returning msg_id, read_ct, enqueued_at, q.vt, message', 'q_' || queue_name) using vt, qty; end $$;
create function pgmq.delete(queue_name text, msg_id bigint) returns boolean language plpgsql as $$ declare gone bigint; begin
  execute format('delete from pgmq.%I where msg_id = $1 returning msg_id', 'q_' || queue_name) into gone using msg_id;
  return gone is not null; end $$;
create function pgmq.archive(queue_name text, msg_id bigint) returns boolean language plpgsql as $$ declare gone bigint; begin
  execute format('with old as (delete from pgmq.%I where msg_id = $1 returning msg_id, vt, read_ct, enqueued_at, message)
    insert into pgmq.%I (msg_id, vt, read_ct, enqueued_at, message) select * from old returning msg_id', 'q_' || queue_name, 'a_' || queue_name)
    into gone using msg_id;
  return gone is not null; end $$;
