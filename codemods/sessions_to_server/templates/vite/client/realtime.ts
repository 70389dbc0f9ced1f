import type { RealtimeChannel, RealtimeClient, SupabaseClient } from "@supabase/supabase-js";
import { request } from "__HTTP__";

// Realtime runs over a WebSocket to Supabase. The library is loaded on the first subscription, and
// the short-lived token for it is fetched from the server and kept in memory only.
let client: Promise<RealtimeClient> | null = null;

function connect(): Promise<RealtimeClient> {
  client ??= (async () => {
    const [{ RealtimeClient }, first] = await Promise.all([import("@supabase/realtime-js"), token()]);
    let next: typeof first | null = first;
    const realtime = new RealtimeClient(first.url, {
      params: { apikey: first.apikey },
      accessToken: async () => {
        const { token: value } = next ?? (await token());
        next = null;
        return value;
      },
    });
    await realtime.setAuth(); // channels join with the token that is known at that moment
    return realtime;
  })();
  client.catch(() => (client = null));
  return client;
}

async function token(): Promise<{ url: string; apikey: string; token: string }> {
  const { status, body } = await request("GET", "/api/realtime/token");
  if (status !== 200) throw new Error("Not signed in");
  return body;
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
