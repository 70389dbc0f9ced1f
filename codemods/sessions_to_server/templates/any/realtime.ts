import type { RealtimeChannel, RealtimeClient, SupabaseClient } from "@supabase/supabase-js";
//#if within
import { realtimeToken } from "__FUNCTIONS__";
//#else
import { request } from "__HTTP__";
//#end

// Realtime runs over a WebSocket to Supabase. The library is loaded on the first subscription, and
// the short-lived token for it is fetched from the server and kept in memory only.
let client: Promise<RealtimeClient> | null = null;

interface Access {
  url: string;
  apikey: string;
  token: string;
  expires_at: number;
}
let access: Promise<Access> | null = null;
//#if within
//#else

async function realtimeToken(): Promise<Access> {
  const { status, body } = await request("GET", "/api/realtime/token");
  if (status !== 200) throw new Error("No token for the connection");
  return body;
}
//#end

/** Asked once per token and not once per channel. */
async function current(): Promise<Access> {
  const known = await access?.catch(() => null);
  if (known && known.expires_at * 1000 > Date.now() + 30_000) return known;
  const asked = (access = realtimeToken());
  return asked;
}

function connect(): Promise<RealtimeClient> {
  client ??= (async () => {
    const [{ RealtimeClient }, { url, apikey }] = await Promise.all([import("__REALTIME__"), current()]);
    const opened = new RealtimeClient(url, { params: { apikey }, accessToken: async () => (await current()).token });
    await opened.setAuth(); // channels join with the token that is known at that moment
//#if realtime.isConnected
    open = opened;
//#end
    return opened;
  })();
  client.catch(() => (client = null));
  return client;
}

const real = new WeakMap<object, Promise<RealtimeChannel>>();
// A channel of the same name can be joined again only when the one before is left.
let leaving: Promise<unknown> = Promise.resolve();
//#if getChannels
const made = new Set<RealtimeChannel>();
//#end
//#if presenceState
const joinedNow = new WeakMap<object, RealtimeChannel>();
//#end

/** Like supabase.channel(): listeners are recorded, and attached once the connection is there. */
export const channel: SupabaseClient["channel"] = (name, options) => {
  const listeners: unknown[][] = [];
  const deferred = {
    topic: `realtime:${name}`,
    on(...args: unknown[]) {
      listeners.push(args);
      return deferred;
    },
    subscribe(callback?: (status: string, error?: Error) => void, timeout?: number) {
      real.set(
        deferred,
        Promise.all([connect(), leaving]).then(([opened]) => {
          const joined = opened.channel(name, options);
//#if presenceState
          joinedNow.set(deferred, joined);
//#end
          for (const args of listeners) (joined.on as (...args: unknown[]) => void)(...args);
          return joined.subscribe(callback as never, timeout);
        }),
      );
      real.get(deferred)!.catch((error) => callback?.("CHANNEL_ERROR", error));
      return deferred;
    },
    send: async (message: never) => (await real.get(deferred))?.send(message) ?? "error",
    track: async (state: never) => (await real.get(deferred))?.track(state) ?? "error",
    untrack: async () => (await real.get(deferred))?.untrack() ?? "error",
//#if presenceState
    presenceState: () => joinedNow.get(deferred)?.presenceState() ?? {},
//#end
    unsubscribe: () => leave(deferred as never),
  };
//#if getChannels
  made.add(deferred as unknown as RealtimeChannel);
//#end
  return deferred as unknown as RealtimeChannel;
};

async function leave(given: RealtimeChannel) {
//#if getChannels
  made.delete(given);
//#end
  const left = (async () => {
    const joined = await real.get(given)?.catch(() => undefined);
    return joined && client ? (await client).removeChannel(joined) : "ok";
  })();
  leaving = Promise.allSettled([leaving, left]);
  return left;
}
//#if removeChannel

export const removeChannel: SupabaseClient["removeChannel"] = leave;
//#end
//#if removeAllChannels

//#if getChannels
export const removeAllChannels: SupabaseClient["removeAllChannels"] = async () => {
  made.clear();
  return client ? (await client).removeAllChannels() : [];
};
//#else
export const removeAllChannels: SupabaseClient["removeAllChannels"] = async () => (client ? (await client).removeAllChannels() : []);
//#end
//#end
//#if getChannels

export const getChannels: SupabaseClient["getChannels"] = () => [...made];
//#end
//#if connection

//#if realtime.isConnected
let open: RealtimeClient | null = null;
//#end
/** The connection that channels share. */
export const realtime: Pick<RealtimeClient, __CONNECTION__> = {
//#if realtime.setAuth
  // Channels get their token by themselves.
  setAuth: async () => undefined,
//#end
//#if realtime.connect
  connect: () => void connect().then((joined) => joined.connect(), () => undefined),
//#end
//#if realtime.disconnect
  disconnect: ((...args: [number?, string?]) => void client?.then((joined) => joined.disconnect(...args), () => undefined)) as never,
//#end
//#if realtime.isConnected
  isConnected: () => open?.isConnected() ?? false,
//#end
};
//#end

/** The visitor is another one, or their token is new: open channels go on with it. */
export async function renewRealtime(): Promise<void> {
  access = null;
  const opened = await client?.catch(() => undefined);
  await opened?.setAuth().catch(() => undefined);
}
