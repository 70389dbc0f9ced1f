//__IMPORTS__

// Queries that are still written in the browser speak to this app's own server, which adds the key and the session and lets
// through only what the app uses.
export const sameOrigin = {
  accessToken: async () => "",
  global: { headers: { "X-Requested-With": "fetch" } },
};

//#if parts
/** The client with the session's parts, which this app's server answers, in place of its own. */
export function withSession<Client extends object>(client: Client) {
  Object.defineProperties(client, {
    //__VALUES__
  });
//#if whole
  // Functions that it is handed to ask for all of a client by its type; what they use of it is here.
  return client;
//#else
  return client as unknown as Omit<Client, __OMITTED__> & { __PARTS__ };
//#end
}
//#else
/** The client as it is: the app has no sessions. */
export const withSession = <Client extends object>(client: Client): Client => client;
//#end
