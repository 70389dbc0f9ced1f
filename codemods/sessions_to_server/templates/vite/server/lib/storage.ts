import { Hono, type Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod/v4";
import type { Env } from "../env.js";
import { createDb, sessionUser } from "./session.js";

//#if anyBucket
// "any" where a page computes which bucket it asks for.
type Buckets = Record<"upload" | "read" | "remove", readonly string[] | "any">;
//#else
type Buckets = Record<"upload" | "read" | "remove", readonly string[]>;
//#end

// Storage policies decide as ever: everything here runs with the visitor's own rights.
export function storageRoutes(env: Env, buckets: Buckets) {
  // No part of a path leads out of its bucket.
  const path = z.string().min(1).max(1024).refine((path) => !path.split(/[\\/]/).some((part) => /^(\.|%2e){2}$/i.test(part)));
//#if anyBucket
  const may = (use: keyof Buckets, bucket: string) => {
    const known = buckets[use];
    return known === "any" ? /^\w[\w .-]{0,99}$/.test(bucket) : known.includes(bucket);
  };
//#else
  const may = (use: keyof Buckets, bucket: string) => buckets[use].includes(bucket);
//#end
  const allowed = (c: Context, use: keyof Buckets, bucket: string) => {
    if (!may(use, bucket)) throw new HTTPException(403);
    return createDb(c, env);
  };
//#if signs
  const signedIn = async (db: ReturnType<typeof createDb>) => {
    if (!(await sessionUser(db))) throw new HTTPException(401);
    return db;
  };
//#else
  const signedIn = async (db: ReturnType<typeof createDb>) => {
    await sessionUser(db);
    return db;
  };
//#end
  const answer = (c: Context, { data, error }: { data: unknown; error: { name: string; message: string; status?: number } | null }) =>
    c.json({ data, error: error && { name: error.name, message: error.message, status: error.status } }, error ? 400 : 200);

  const routes = new Hono();
//#if upload|update|uploads|createSignedUploadUrl
  // The browser sends the file straight to storage with a one-time URL.
  routes.post("/upload-url", async (c) => {
    const body = z.object({ bucket: z.string(), path, upsert: z.boolean().default(false) }).parse(await c.req.json());
    const db = await signedIn(createDb(c, env));
    if (!may("upload", body.bucket)) throw new HTTPException(403);
    return answer(c, await db.storage.from(body.bucket).createSignedUploadUrl(body.path, { upsert: body.upsert }));
  });
//#end
//#if download|createSignedUrl
  routes.post("/signed-url", async (c) => {
    const body = z.object({ bucket: z.string(), path, expiresIn: z.int().min(1), download: z.union([z.boolean(), z.string().max(300)]).optional() }).parse(await c.req.json());
    const db = allowed(c, "read", body.bucket);
    await sessionUser(db);
    return answer(c, await db.storage.from(body.bucket).createSignedUrl(body.path, body.expiresIn, { download: body.download }));
  });
//#end
//#if createSignedUrls
  routes.post("/signed-urls", async (c) => {
    const body = z.object({ bucket: z.string(), paths: z.array(path).max(1000), expiresIn: z.int().min(1) }).parse(await c.req.json());
    const db = allowed(c, "read", body.bucket);
    await sessionUser(db);
    return answer(c, await db.storage.from(body.bucket).createSignedUrls(body.paths, body.expiresIn));
  });
//#end
//#if listBuckets
  routes.post("/list-buckets", async (c) => {
    const db = createDb(c, env);
    await sessionUser(db);
    return answer(c, await db.storage.listBuckets());
  });
//#end
//#if getBucket
  routes.post("/get-bucket", async (c) => {
    const { id } = z.object({ id: z.string().regex(/^\w[\w .-]{0,99}$/) }).parse(await c.req.json());
    const db = createDb(c, env);
    await sessionUser(db);
    return answer(c, await db.storage.getBucket(id));
  });
//#end
//#if createBucket
  routes.post("/create-bucket", async (c) => {
    const options = z.object({ public: z.boolean(), fileSizeLimit: z.union([z.int(), z.string().max(20)]).nullish(), allowedMimeTypes: z.array(z.string().max(100)).max(100).nullish() });
    const body = z.object({ id: z.string().regex(/^\w[\w .-]{0,99}$/), options: options.optional() }).parse(await c.req.json());
    const db = await signedIn(createDb(c, env));
    return answer(c, await db.storage.createBucket(body.id, body.options));
  });
//#end
//#if list
  routes.post("/list", async (c) => {
    const sortBy = z.object({ column: z.string().max(50), order: z.string().max(4) }).optional();
    const options = z.object({ limit: z.int().min(1).max(1000).optional(), offset: z.int().min(0).optional(), search: z.string().max(300).optional(), sortBy });
    const body = z.object({ bucket: z.string(), path: z.string().max(1024).optional(), options: options.optional() }).parse(await c.req.json());
    const db = allowed(c, "read", body.bucket);
    await sessionUser(db);
    return answer(c, await db.storage.from(body.bucket).list(body.path, body.options));
  });
//#end
//#if remove
  routes.post("/remove", async (c) => {
    const body = z.object({ bucket: z.string(), paths: z.array(path).max(1000) }).parse(await c.req.json());
    const db = await signedIn(allowed(c, "remove", body.bucket));
    return answer(c, await db.storage.from(body.bucket).remove(body.paths));
  });
//#end
//#if move
  routes.post("/move", async (c) => {
    const body = z.object({ bucket: z.string(), from: path, to: path }).parse(await c.req.json());
    const db = await signedIn(allowed(c, "upload", body.bucket));
    return answer(c, await db.storage.from(body.bucket).move(body.from, body.to));
  });
//#end
//#if copy
  routes.post("/copy", async (c) => {
    const body = z.object({ bucket: z.string(), from: path, to: path }).parse(await c.req.json());
    const db = await signedIn(allowed(c, "upload", body.bucket));
    return answer(c, await db.storage.from(body.bucket).copy(body.from, body.to));
  });
//#end
  return routes;
}
