export interface ClientConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  forcePathStyle: boolean;
}

/** Each answers with the time that it is then. */
export interface Clock {
  now(): Promise<Date>;
  /** Stands still, at a time or where it is. */
  freeze(at?: Date | string): Promise<Date>;
  set(to: Date | string): Promise<Date>;
  /** "90s", "5m", "2h", "1d", or milliseconds. */
  advance(by: string | number): Promise<Date>;
  resume(from?: "now" | "left"): Promise<Date>;
  speed(factor: number): Promise<Date>;
}

export interface Environment {
  readonly endpoint: string;
  readonly clock: Clock;
  /** For any client of the AWS SDK v3. */
  config(): ClientConfig;
  checkpoint(name: string): Promise<{ name: string; lsn: number; time: string }>;
  /** To a checkpoint, an lsn, a time or a duration. Not at --durability memory. */
  rewind(to: string): Promise<unknown>;
  reset(): Promise<unknown>;
  /** Of the present state, or of a point; branches have branches too. */
  branch(options?: { name?: string; from?: string; port?: number }): Promise<Branch>;
  /** Loads or saves a fixture's folder. */
  load(directory: string, options?: { replace?: boolean }): Promise<unknown>;
  save(directory: string): Promise<unknown>;
  /** A request to Cloche's own paths (/_cloche/...). */
  ask(method: string, path: string, body?: unknown): Promise<any>;
}

export interface Branch extends Environment, AsyncDisposable {
  readonly name: string;
  readonly port: number;
  remove(): Promise<void>;
}

export interface Cloche extends Environment, AsyncDisposable {
  /** Ends the server, if it was started here. */
  stop(): Promise<void>;
}

export class ClocheError extends Error {
  readonly code: string;
}

export interface StartOptions {
  /** More arguments of `cloche start`. */
  args?: string[];
  durability?: "memory" | "commit" | "fsync";
  /** The program; else CLOCHE_BINARY, else `cloche` on the PATH. */
  binary?: string;
}

/** Joins CLOCHE_ENDPOINT if that is set, else starts a server and waits until it is ready. */
export function startCloche(options?: StartOptions): Promise<Cloche>;
export function joinCloche(endpoint: string): Promise<Cloche>;
