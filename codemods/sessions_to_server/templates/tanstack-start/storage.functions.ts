import { createServerFn } from "@tanstack/react-start";
import { z } from "zod/v4";
import { __WORDS__ } from "./auth-middleware";

// Buckets that the browser may ask for, found in the code. Storage policies decide about each path: everything here runs with
// the visitor's own rights.
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
// No part of a path leads out of its bucket.
const path = z.string().min(1).max(1024).refine((path) => !path.split(/[\\/]/).some((part) => /^(\.|%2e){2}$/i.test(part)));

const plain = <T>({ data, error }: { data: T; error: { name: string; message: string; status?: number | undefined } | null }) => ({
  data,
  error: error && { name: error.name, message: error.message, status: error.status },
});
//#if upload|update|createSignedUploadUrl

/** The browser sends the file straight to storage with this one-time URL. */
export const createUploadUrl = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ bucket: uploadBucket, path, upsert: z.boolean().default(false) }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.from(data.bucket).createSignedUploadUrl(data.path, { upsert: data.upsert })));
//#end
//#if download|createSignedUrl

export const createSignedUrl = createServerFn({ method: "POST" })
  .middleware([withSupabase])
  .validator(z.object({ bucket: readBucket, path, expiresIn: z.int().min(1), download: z.union([z.boolean(), z.string().max(300)]).optional() }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.from(data.bucket).createSignedUrl(data.path, data.expiresIn, data.download === undefined ? {} : { download: data.download })));
//#end
//#if createSignedUrls

export const createSignedUrls = createServerFn({ method: "POST" })
  .middleware([withSupabase])
  .validator(z.object({ bucket: readBucket, paths: z.array(path).max(1000), expiresIn: z.int().min(1) }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.from(data.bucket).createSignedUrls(data.paths, data.expiresIn)));
//#end
//#if listBuckets

export const listBuckets = createServerFn({ method: "POST" })
  .middleware([withSupabase])
  .handler(async ({ context }) => plain(await context.supabase.storage.listBuckets()));
//#end
//#if getBucket

export const getBucket = createServerFn({ method: "POST" })
  .middleware([withSupabase])
  .validator(z.object({ id: z.string().regex(/^\w[\w .-]{0,99}$/) }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.getBucket(data.id)));
//#end
//#if createBucket

const bucketOptions = z.object({ public: z.boolean(), fileSizeLimit: z.union([z.int(), z.string().max(20)]).nullish(), allowedMimeTypes: z.array(z.string().max(100)).max(100).nullish() });
export const createBucket = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ id: z.string().regex(/^\w[\w .-]{0,99}$/), options: bucketOptions.optional() }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.createBucket(data.id, data.options)));
//#end
//#if list

const sortBy = z.object({ column: z.string().max(50), order: z.string().max(4) }).optional();
const options = z.object({ limit: z.int().min(1).max(1000).optional(), offset: z.int().min(0).optional(), search: z.string().max(300).optional(), sortBy });
export const listFiles = createServerFn({ method: "POST" })
  .middleware([withSupabase])
  .validator(z.object({ bucket: readBucket, path: z.string().max(1024).optional(), options: options.optional() }))
  .handler(async ({ data, context }) => {
    const { data: found, error } = plain(await context.supabase.storage.from(data.bucket).list(data.path, data.options as object | undefined));
    return { data: found as unknown as { name: string }[] | null, error };
  });
//#end
//#if remove

export const removeFiles = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ bucket: removeBucket, paths: z.array(path).max(1000) }))
  .handler(async ({ data, context }) => {
    const { data: removed, error } = plain(await context.supabase.storage.from(data.bucket).remove(data.paths));
    return { data: removed && removed.map(({ name }) => ({ name })), error };
  });
//#end
//#if move

export const moveFile = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ bucket: uploadBucket, from: path, to: path }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.from(data.bucket).move(data.from, data.to)));
//#end
//#if copy

export const copyFile = createServerFn({ method: "POST" })
  .middleware([requireSupabaseAuth])
  .validator(z.object({ bucket: uploadBucket, from: path, to: path }))
  .handler(async ({ data, context }) => plain(await context.supabase.storage.from(data.bucket).copy(data.from, data.to)));
//#end
