// What the packages of the exports declare, as far as the truth needs it: enough for the type checker to know a client wherever it
// goes. Everything else of a package is `any`.
export const STUBS = {
  "@supabase/supabase-js": `
    export declare class TruthAuth { admin: any; mfa: any; [method: string]: any }
    export declare class TruthBucket { [method: string]: any }
    export declare class TruthStorage { from(bucket: any): TruthBucket; [method: string]: any }
    export declare class TruthFunctions { invoke(name: any, options?: any): Promise<any>; [method: string]: any }
    export declare class TruthQuery { then: any; [method: string]: any }
    export declare class SupabaseClient<A = any, B = any, C = any, D = any, E = any> {
      from(table: any): TruthQuery; schema(name: any): SupabaseClient; rpc(name: any, args?: any, options?: any): TruthQuery;
      channel(name: any, options?: any): any; removeChannel(channel: any): any; removeAllChannels(): any; getChannels(): any;
      auth: TruthAuth; storage: TruthStorage; functions: TruthFunctions; realtime: any;
    }
    export declare function createClient<A = any, B = any, C = any>(...all: any[]): SupabaseClient<A>;
    export type Session = any; export type User = any; export type AuthError = any; export type PostgrestError = any; export type RealtimeChannel = any;`,
  "@supabase/ssr": `import { SupabaseClient } from "@supabase/supabase-js";
    export declare function createBrowserClient<A = any, B = any>(...all: any[]): SupabaseClient<A>;
    export declare function createServerClient<A = any, B = any>(...all: any[]): SupabaseClient<A>;
    export type CookieOptions = any;`,
  "@supabase/auth-helpers-nextjs": `import { SupabaseClient } from "@supabase/supabase-js";
    export declare function createClientComponentClient<A = any>(...all: any[]): SupabaseClient<A>;
    export declare function createServerComponentClient<A = any>(...all: any[]): SupabaseClient<A>;
    export declare function createRouteHandlerClient<A = any>(...all: any[]): SupabaseClient<A>;
    export declare function createServerActionClient<A = any>(...all: any[]): SupabaseClient<A>;
    export declare function createMiddlewareClient<A = any>(...all: any[]): SupabaseClient<A>;`,
  "@supabase/auth-helpers-react": `import { SupabaseClient } from "@supabase/supabase-js";
    export declare function useSupabaseClient<A = any>(): SupabaseClient<A>; export declare function useUser(): any; export declare function useSession(): any;`,
  react: `
    export interface Context<T> { Provider: any; Consumer: any; truth: T }
    export declare function useState<T = any>(first?: T | (() => T)): [T, (next: any) => void];
    export declare function useContext<T>(context: Context<T>): T;
    export declare function use<T>(context: Context<T>): T;
    export declare function createContext<T = any>(first?: T): Context<T>;
    export declare function useMemo<T>(make: () => T, on?: any): T;
    export declare function useCallback<T>(callback: T, on?: any): T;
    export declare function useRef<T = any>(first?: T): { current: T };
    export declare function cache<T>(callback: T): T;
    export declare function useEffect(...all: any[]): any; export declare function useReducer(...all: any[]): any;
    declare const React: any; export default React;
    export type ReactNode = any; export type FC<T = any> = any;`,
  "@neondatabase/serverless": `
    export interface TruthSql { (text: any, ...values: any[]): Promise<any>; query(...all: any[]): Promise<any>; transaction(...all: any[]): Promise<any>; unsafe(text: any): any }
    export declare function neon(...all: any[]): TruthSql;
    export declare class Pool { query(...all: any[]): Promise<any>; connect(): Promise<Pool>; release(): any; end(): any; on(...all: any[]): any }
    export declare class Client extends Pool {} export declare const neonConfig: any;`,
  pg: `export declare class Pool { query(...all: any[]): Promise<any>; connect(): Promise<Pool>; release(): any; end(): any; on(...all: any[]): any; constructor(options?: any) }
    export declare class Client extends Pool {} export type PoolClient = Pool; declare const pg: { Pool: typeof Pool; Client: typeof Client }; export default pg;`,
  postgres: `interface TruthSql { (text: any, ...values: any[]): Promise<any>; unsafe(...all: any[]): Promise<any>; begin<T>(work: (sql: TruthSql) => T): Promise<T>; end(): any }
    declare function postgres(...all: any[]): TruthSql; export default postgres;`,
  "@vercel/postgres": `export interface TruthSql { (text: any, ...values: any[]): Promise<any>; query(...all: any[]): Promise<any>; connect(): Promise<TruthSql>; release(): any }
    export declare const sql: TruthSql; export declare const db: TruthSql; export declare function createPool(...all: any[]): TruthSql; export declare function createClient(...all: any[]): TruthSql;`,
  mongoose: `export declare class TruthRecord { save(...all: any[]): Promise<any>; [key: string]: any }
    export interface TruthModel { new (...all: any[]): TruthRecord; (...all: any[]): TruthRecord; findOne(...all: any[]): Promise<TruthRecord>; findById(...all: any[]): Promise<TruthRecord>; create(...all: any[]): Promise<TruthRecord>; [method: string]: any }
    export declare function model(name: any, schema?: any): TruthModel; export declare const models: Record<string, TruthModel>;
    export declare class Schema { constructor(...all: any[]); static Types: any; [key: string]: any } export declare function connect(...all: any[]): any; export type Document = any;
    declare const mongoose: { model: typeof model; models: typeof models; Schema: typeof Schema; connect: any; connection: any; Types: any }; export default mongoose;`,
  "@upstash/redis": `export declare class Redis { constructor(options?: any); static fromEnv(): Redis; [method: string]: any }`,
  "@vercel/kv": `export declare class TruthKv { [method: string]: any } export declare const kv: TruthKv; export declare function createClient(...all: any[]): TruthKv; export default kv;`,
  "@prisma/client": `export declare class TruthPrismaModel { [method: string]: any } export declare class PrismaClient { constructor(options?: any); $transaction<T>(work: T | ((tx: PrismaClient) => any)): any; $queryRaw: any; $executeRaw: any; $disconnect(): any; [model: string]: any }`,
};
for (const driver of ["neon-http", "neon-serverless", "node-postgres", "postgres-js", "better-sqlite3", "libsql", "vercel-postgres", "mysql2", "d1"]) {
  STUBS[`drizzle-orm/${driver}`] = `export interface TruthDrizzle { select(...all: any[]): any; selectDistinct(...all: any[]): any; insert(...all: any[]): any; update(...all: any[]): any; delete(...all: any[]): any;
    execute(...all: any[]): any; query: any; transaction<T>(work: (tx: TruthDrizzle) => T): Promise<T> } export declare function drizzle(...all: any[]): TruthDrizzle;`;
}

// The package behind a specifier, `npm:` and CDN addresses looked through.
export function packageOf(specifier) {
  const bare = specifier.replace(/^(npm:|jsr:|https:\/\/esm\.sh\/|https:\/\/cdn\.skypack\.dev\/|https:\/\/cdn\.jsdelivr\.net\/npm\/)/, "");
  const whole = bare.replace(/^(@[^/@?]+\/[^/@?]+|[^/@?]+)@[^/?]+/, "$1").replace(/\?.*$/, "");
  return whole;
}
