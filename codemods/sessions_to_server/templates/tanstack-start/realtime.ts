import type { RealtimeChannel, RealtimeClient, SupabaseClient } from "@supabase/supabase-js";
import { realtimeToken } from "./auth.functions";

// Realtime runs over a WebSocket to Supabase. The library is loaded on the first subscription, and
// the short-lived token for it is fetched from the server and kept in memory only.
let client: Promise<RealtimeClient> | null = null;

type Access = Awaited<ReturnType<typeof realtimeToken>>;
let access: Promise<Access> | null = null;

/** Asked once per token and not once per channel. */
async function current(): Promise<Access> {
  const known = await access?.catch(() => null);
  if (known && known.expires_at * 1000 > Date.now() + 30_000) return known;
  const asked = (access = realtimeToken());
  return asked;
}

function connect(): Promise<RealtimeClient> {
  client ??= (async () => {
    const [{ RealtimeClient }, { url, apikey }] = await Promise.all([import("@supabase/realtime-js"), current()]);
    const realtime = new RealtimeClient(url, { params: { apikey }, accessToken: async () => (await current()).token });
    await realtime.setAuth(); // channels join with the token that is known at that moment
    return realtime;
  })();
  client.catch(() => (client = null));
  return client;
}

const real = new WeakMap<object, Promise<RealtimeChannel>>();
//#if presenceState
const joinedNow = new WeakMap<object, RealtimeChannel>();
//#end

/** Like supabase.channel(): listeners are recorded, and attached once the connection is there. */
export const channel: SupabaseClient["channel"] = (name, options) => {
  const listeners: unknown[][] = [];
  const deferred = {
    on(...args: unknown[]) {
      listeners.push(args);
      return deferred;
    },
    subscribe(callback?: (status: string, error?: Error) => void, timeout?: number) {
      real.set(
        deferred,
        connect().then((realtime) => {
          const joined = realtime.channel(name, options);
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
  return deferred as unknown as RealtimeChannel;
};

async function leave(given: RealtimeChannel) {
  const joined = await real.get(given)?.catch(() => undefined);
  return joined && client ? (await client).removeChannel(joined) : "ok";
}
//#if removeChannel

export const removeChannel: SupabaseClient["removeChannel"] = leave;
//#end
//#if removeAllChannels

export const removeAllChannels: SupabaseClient["removeAllChannels"] = async () => (client ? (await client).removeAllChannels() : []);
//#end

/** At sign-out: the next visitor of this page gets a new connection. */
export async function closeRealtime(): Promise<void> {
  const open = client;
  client = access = null;
  await (await open?.catch(() => undefined))?.disconnect();
}
