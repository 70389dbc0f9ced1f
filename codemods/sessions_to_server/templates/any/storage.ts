import type { SupabaseClient } from "@supabase/supabase-js";
//#if getPublicUrl|uploadToSignedUrl
import { env } from "__ENV__";
//#end
//#if calls
import * as server from "__FUNCTIONS__";
//#end

// The part of supabase.storage that this app uses. Uploads go straight to storage with a one-time
// URL from the server; public URLs are built here, so only the project's public address is needed.
type Bucket = ReturnType<SupabaseClient["storage"]["from"]>;
type UsedMethods = Pick<Bucket, __METHODS__>;
//#if createBucket
type BucketOptions = Parameters<SupabaseClient["storage"]["createBucket"]>[1];
//#end
//#if getPublicUrl|uploadToSignedUrl

const base = `${__PUBLIC_URL__}/storage/v1`;
const encodePath = (path: string) => path.replace(/^\/+|\/+$/g, "").split("/").map(encodeURIComponent).join("/");
//#end
//#if calls|uploadToSignedUrl

type Failure = { name?: string; message: string; status?: number | string | undefined; statusCode?: string } | null | undefined;
const failed = (error: Failure) =>
  Object.assign(new Error(error?.message ?? "Unexpected answer from the server"), { name: "StorageApiError", status: error?.status, statusCode: error?.statusCode, __isStorageError: true }) as never;
//#end
//#if calls

/** A failed request becomes an error value, as the storage client never throws. */
async function ask<T>(call: Promise<{ data: T | null; error: Failure }>): Promise<{ data: T; error: null } | { data: null; error: never }> {
  try {
    const { data, error } = await call;
    return data ? { data, error: null } : { data: null, error: failed(error) };
  } catch (cause) {
    return { data: null, error: failed({ message: cause instanceof Error ? cause.message : String(cause) }) };
  }
}
//#end
//#if puts|uploadToSignedUrl

type FileOptions = { cacheControl?: string | undefined; contentType?: string | undefined; upsert?: boolean | undefined } | undefined;

/** Sends a file to an address that is good for this one upload. */
async function send(url: string, path: string, file: unknown, options: FileOptions, upsert: boolean) {
  const form = new FormData();
  form.append("cacheControl", options?.cacheControl ?? "3600");
  form.append("", file instanceof Blob ? file : new Blob([file as BlobPart], { type: options?.contentType ?? "" }));
  try {
    const response = await fetch(url, { method: "PUT", headers: { "x-upsert": String(upsert) }, body: form });
    const answer = await response.json();
    if (!response.ok) return { data: null, error: failed({ ...answer, status: response.status }) };
    return { data: { id: answer.Id, path, fullPath: answer.Key }, error: null };
  } catch (cause) {
    return { data: null, error: failed({ message: String(cause) }) };
  }
}
//#end
//#if puts

async function put(bucket: string, path: string, file: unknown, options: FileOptions, upsert: boolean) {
  const { data: signed, error } = await ask(server.createUploadUrl({ data: { bucket: bucket as never, path, upsert } }));
  if (!signed) return { data: null, error };
  return send(signed.signedUrl, path, file, options, upsert);
}
//#end

export const storage = {
  from: (bucket: string): UsedMethods => ({
//#if upload

    upload: (path, file, options) => put(bucket, path, file, options, options?.upsert ?? false),
//#end
//#if update

    update: (path, file, options) => put(bucket, path, file, options, true),
//#end
//#if createSignedUploadUrl

    createSignedUploadUrl: (async (path: string, options?: { upsert: boolean }) =>
      ask(server.createUploadUrl({ data: { bucket: bucket as never, path, upsert: options?.upsert ?? false } }))) as unknown as Bucket["createSignedUploadUrl"],
//#end
//#if uploadToSignedUrl

    uploadToSignedUrl: (path, token, file, options) =>
      send(`${base}/object/upload/sign/${bucket}/${encodePath(path)}?token=${encodeURIComponent(token)}`, path, file, options, options?.upsert ?? false),
//#end
//#if getPublicUrl

    getPublicUrl(path, options) {
      const asked = new URLSearchParams();
      if (options?.download) asked.set("download", options.download === true ? "" : options.download);
      const query = options?.download ? `?${asked}` : "";
      return { data: { publicUrl: `${base}/object/public/${bucket}/${encodePath(path)}${query}` } };
    },
//#end
//#if createSignedUrl

    createSignedUrl: (path, expiresIn, options) => ask(server.createSignedUrl({ data: { bucket: bucket as never, path, expiresIn, download: options?.download } })),
//#end
//#if createSignedUrls

    createSignedUrls: (async (paths: string[], expiresIn: number) =>
      ask(server.createSignedUrls({ data: { bucket: bucket as never, paths, expiresIn } }))) as unknown as Bucket["createSignedUrls"],
//#end
//#if download

    // Through a URL that is good for a minute.
    download: (async (path: string) => {
      const { data: signed, error } = await ask(server.createSignedUrl({ data: { bucket: bucket as never, path, expiresIn: 60 } }));
      if (!signed) return { data: null, error };
      const response = await fetch(signed.signedUrl);
      if (!response.ok) return { data: null, error: failed({ message: response.statusText, status: response.status }) };
      return { data: await response.blob(), error: null };
    }) as unknown as Bucket["download"],
//#end
//#if list

    list: (async (path?: string, options?: object) => ask(server.listFiles({ data: { bucket: bucket as never, path, options } }))) as unknown as Bucket["list"],
//#end
//#if remove

    remove: (async (paths: string[]) => ask(server.removeFiles({ data: { bucket: bucket as never, paths } }))) as unknown as Bucket["remove"],
//#end
//#if move

    move: (async (from: string, to: string) => ask(server.moveFile({ data: { bucket: bucket as never, from, to } }))) as unknown as Bucket["move"],
//#end
//#if copy

    copy: (async (from: string, to: string) => ask(server.copyFile({ data: { bucket: bucket as never, from, to } }))) as unknown as Bucket["copy"],
//#end
  }),
//#if listBuckets

  listBuckets: () => ask(server.listBuckets()),
//#end
//#if getBucket

  getBucket: (id: string) => ask(server.getBucket({ data: { id } })),
//#end
//#if createBucket

  createBucket: (id: string, options?: BucketOptions) => ask(server.createBucket({ data: { id, options } })),
//#end
};
