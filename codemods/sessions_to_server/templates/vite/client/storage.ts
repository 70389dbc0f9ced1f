import type { SupabaseClient } from "@supabase/supabase-js";
//#if getPublicUrl|uploadToSignedUrl
import { env } from "__ENV__";
//#end
//#if calls
import { request } from "__HTTP__";
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
//#if failed

const failed = (error: { message: string; status?: number; statusCode?: string } | null | undefined) =>
  Object.assign(new Error(error?.message ?? "Unexpected answer from the server"), { name: "StorageApiError", status: error?.status, statusCode: error?.statusCode, __isStorageError: true }) as never;
//#end
//#if puts|uploadToSignedUrl

type FileOptions = { cacheControl?: string | undefined; contentType?: string | undefined; upsert?: boolean | undefined } | undefined;

/** Sends a file to an address that is good for this one upload. */
async function send(url: string, path: string, file: unknown, options: FileOptions, upsert: boolean) {
  const form = new FormData();
  form.append("cacheControl", options?.cacheControl ?? "3600");
  form.append("", file instanceof Blob ? file : new Blob([file as BlobPart], { type: options?.contentType }));
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
  const { body } = await request("POST", "/api/storage/upload-url", { bucket, path, upsert });
  if (!body.data) return { data: null, error: failed(body.error) };
  return send(body.data.signedUrl, path, file, options, upsert);
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

    async createSignedUploadUrl(path, options) {
      const { body } = await request("POST", "/api/storage/upload-url", { bucket, path, upsert: options?.upsert ?? false });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
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

    async createSignedUrl(path, expiresIn, options) {
      const { body } = await request("POST", "/api/storage/signed-url", { bucket, path, expiresIn, download: options?.download });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
//#end
//#if createSignedUrls

    async createSignedUrls(paths, expiresIn) {
      const { body } = await request("POST", "/api/storage/signed-urls", { bucket, paths, expiresIn });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
//#end
//#if download

    // Through a URL that is good for a minute.
    download: (async (path: string) => {
      const { body } = await request("POST", "/api/storage/signed-url", { bucket, path, expiresIn: 60 });
      if (!body.data) return { data: null, error: failed(body.error) };
      const response = await fetch(body.data.signedUrl);
      if (!response.ok) return { data: null, error: failed({ message: response.statusText, status: response.status }) };
      return { data: await response.blob(), error: null };
    }) as unknown as Bucket["download"],
//#end
//#if list

    async list(path, options) {
      const { body } = await request("POST", "/api/storage/list", { bucket, path, options });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
//#end
//#if remove

    async remove(paths) {
      const { body } = await request("POST", "/api/storage/remove", { bucket, paths });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
//#end
//#if move

    async move(from, to) {
      const { body } = await request("POST", "/api/storage/move", { bucket, from, to });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
//#end
//#if copy

    async copy(from, to) {
      const { body } = await request("POST", "/api/storage/copy", { bucket, from, to });
      return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
    },
//#end
  }),
//#if listBuckets

  async listBuckets() {
    const { body } = await request("POST", "/api/storage/list-buckets");
    return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
  },
//#end
//#if getBucket

  async getBucket(id: string) {
    const { body } = await request("POST", "/api/storage/get-bucket", { id });
    return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
  },
//#end
//#if createBucket

  async createBucket(id: string, options?: BucketOptions) {
    const { body } = await request("POST", "/api/storage/create-bucket", { id, options });
    return body.data ? { data: body.data, error: null } : { data: null, error: failed(body.error) };
  },
//#end
};
