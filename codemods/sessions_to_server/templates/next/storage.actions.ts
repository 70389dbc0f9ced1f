"use server";

import { z } from "zod/v4";
import { createDb } from "__SESSION__";

/** Whatever a page sends is checked here. */
interface Asked {
  data: unknown;
}
interface Failure {
  name: string;
  message: string;
  status: number | undefined;
}

// Buckets that pages may ask for, found in the code. Storage policies decide about each path: everything here runs with the
// visitor's own rights.
//#if anyBucket
// A page computes which bucket it asks for.
const anyBucket = z.string().regex(/^\w[\w .-]{0,99}$/);
//#end
//#if uploads
const uploadBucket = __UPLOAD__;
//#end
//#if reads
const readBucket = __READ__;
//#end
//#if remove
const removeBucket = __REMOVE__;
//#end
//#if uploads|remove|download|createSignedUrl|createSignedUrls
// No part of a path leads out of its bucket.
const path = z.string().min(1).max(1024).refine((path) => !path.split(/[\\/]/).some((part) => /^(\.|%2e){2}$/i.test(part)));
//#end

type Answer<T> = { data: T; error: null } | { data: null; error: Failure };
const plain = <T>({ data, error }: { data: T | null; error: { name: string; message: string; status?: number | undefined } | null }): Answer<T> =>
  error || data === null
    ? { data: null, error: { name: error?.name ?? "StorageError", message: error?.message ?? "No answer", status: error?.status } }
    : { data, error: null };
//#if uploads|remove|createBucket

/** The storage of whoever is signed in. */
async function ownStorage() {
  const db = await createDb();
  const { data } = await db.auth.getUser();
  if (!data.user) throw new Error("Not signed in");
  return db.storage;
}
//#end
//#if upload|update|createSignedUploadUrl

/** The browser sends the file straight to storage with this one-time URL. */
export async function createUploadUrl({ data: asked }: Asked) {
  const { bucket, path: to, upsert } = z.object({ bucket: uploadBucket, path, upsert: z.boolean().default(false) }).parse(asked);
  const storage = await ownStorage();
  return plain(await storage.from(bucket).createSignedUploadUrl(to, { upsert }));
}
//#end
//#if download|createSignedUrl

export async function createSignedUrl({ data: asked }: Asked) {
  const schema = z.object({ bucket: readBucket, path, expiresIn: z.int().min(1), download: z.union([z.boolean(), z.string().max(300)]).optional() });
  const { bucket, path: to, expiresIn, download } = schema.parse(asked);
  const { storage } = await createDb();
  return plain(await storage.from(bucket).createSignedUrl(to, expiresIn, download === undefined ? {} : { download }));
}
//#end
//#if createSignedUrls

export async function createSignedUrls({ data: asked }: Asked) {
  const schema = z.object({ bucket: readBucket, paths: z.array(path).max(1000), expiresIn: z.int().min(1) });
  const { bucket, paths, expiresIn } = schema.parse(asked);
  const { storage } = await createDb();
  return plain(await storage.from(bucket).createSignedUrls(paths, expiresIn));
}
//#end
//#if listBuckets

export async function listBuckets() {
  const { storage } = await createDb();
  return plain(await storage.listBuckets());
}
//#end
//#if getBucket

export async function getBucket({ data: asked }: Asked) {
  const { id } = z.object({ id: z.string().regex(/^\w[\w .-]{0,99}$/) }).parse(asked);
  const { storage } = await createDb();
  return plain(await storage.getBucket(id));
}
//#end
//#if createBucket

export async function createBucket({ data: asked }: Asked) {
  const bucket = z.object({ public: z.boolean(), fileSizeLimit: z.union([z.int(), z.string().max(20)]).nullish(), allowedMimeTypes: z.array(z.string().max(100)).max(100).nullish() });
  const { id, options } = z.object({ id: z.string().regex(/^\w[\w .-]{0,99}$/), options: bucket.optional() }).parse(asked);
  const storage = await ownStorage();
  return plain(await storage.createBucket(id, options));
}
//#end
//#if list

export async function listFiles({ data: asked }: Asked) {
  const sortBy = z.object({ column: z.string().max(50), order: z.string().max(4) }).optional();
  const options = z.object({ limit: z.int().min(1).max(1000).optional(), offset: z.int().min(0).optional(), search: z.string().max(300).optional(), sortBy });
  const schema = z.object({ bucket: readBucket, path: z.string().max(1024).optional(), options: options.optional() });
  const { bucket, path: folder, options: given } = schema.parse(asked);
  const { storage } = await createDb();
  return plain(await storage.from(bucket).list(folder, given));
}
//#end
//#if remove

export async function removeFiles({ data: asked }: Asked) {
  const { bucket, paths } = z.object({ bucket: removeBucket, paths: z.array(path).max(1000) }).parse(asked);
  const storage = await ownStorage();
  return plain(await storage.from(bucket).remove(paths));
}
//#end
//#if move

export async function moveFile({ data: asked }: Asked) {
  const { bucket, from, to } = z.object({ bucket: uploadBucket, from: path, to: path }).parse(asked);
  const storage = await ownStorage();
  return plain(await storage.from(bucket).move(from, to));
}
//#end
//#if copy

export async function copyFile({ data: asked }: Asked) {
  const { bucket, from, to } = z.object({ bucket: uploadBucket, from: path, to: path }).parse(asked);
  const storage = await ownStorage();
  return plain(await storage.from(bucket).copy(from, to));
}
//#end
