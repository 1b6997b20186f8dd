// Cloche for tests: see README.md and index.d.ts.
"use strict";
// CommonJS, since that is what Jest takes without being told; index.js is the same for import.
const { execFile, spawn } = require("node:child_process");
const { mkdtemp, rm } = require("node:fs/promises");
const http = require("node:http");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

// For `await using` where the runtime has no name for it yet.
const asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

class ClocheError extends Error {
  constructor(message, code = "") {
    super(message);
    this.name = "ClocheError";
    this.code = code;
  }
}

const program = (given) => given ?? process.env.CLOCHE_BINARY ?? "cloche";
const text = (time) => (time instanceof Date ? time.toISOString() : time);

// One request; connections are not kept, so that nothing holds a test runner back at its end.
function request(endpoint, method, path, body) {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? "" : JSON.stringify(body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(content) };
    const asked = http.request(new URL(path, endpoint), { method, headers, agent: false }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("error", reject);
      answer.on("end", () => {
        const said = Buffer.concat(pieces).toString();
        let told = {};
        try {
          told = said === "" ? {} : JSON.parse(said);
        } catch {
          return reject(new ClocheError(`what answers at ${endpoint} is no Cloche: ${said.slice(0, 200)}`));
        }
        if (answer.statusCode >= 400) return reject(new ClocheError(told.error ?? said, told.code));
        resolve(told);
      });
    });
    asked.on("error", (error) => reject(new ClocheError(`nothing answers at ${endpoint}: ${error.message}`)));
    asked.end(content);
  });
}

class Clock {
  #environment;
  constructor(environment) {
    this.#environment = environment;
  }
  async #change(body) {
    return new Date((await this.#environment.ask("POST", "/_cloche/clock", body)).now);
  }
  async now() {
    return new Date((await this.#environment.ask("GET", "/_cloche/clock")).now);
  }
  freeze(at) {
    return this.#change({ action: "freeze", ...(at === undefined ? {} : { at: text(at) }) });
  }
  set(to) {
    return this.#change({ action: "set", to: text(to) });
  }
  async advance(by) {
    if (typeof by !== "number") return this.#change({ action: "advance", by });
    // Durations are whole seconds there.
    if (by % 1000 !== 0) return this.set(new Date((await this.now()).getTime() + by));
    return this.#change({ action: "advance", by: `${by / 1000}s` });
  }
  resume(from = "now") {
    return this.#change({ action: "resume", from });
  }
  speed(factor) {
    return this.#change({ action: "speed", speed: factor });
  }
}

class Environment {
  constructor(endpoint, binary) {
    this.endpoint = endpoint;
    this.clock = new Clock(this);
    this.binary = binary;
  }
  config() {
    return {
      endpoint: this.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      forcePathStyle: true,
    };
  }
  ask(method, path, body) {
    return request(this.endpoint, method, path, body);
  }
  checkpoint(name) {
    return this.ask("POST", "/_cloche/checkpoints", { name });
  }
  rewind(to) {
    return this.ask("POST", "/_cloche/rewind", { to });
  }
  reset() {
    return this.ask("POST", "/_cloche/reset", {});
  }
  async branch(options = {}) {
    return new Branch(this, await this.ask("POST", "/_cloche/branches", options));
  }
  load(directory, { replace = false } = {}) {
    return this.#run(["fixture", "load", directory, ...(replace ? ["--replace"] : [])]);
  }
  save(directory) {
    return this.#run(["fixture", "save", directory]);
  }
  #run(args) {
    return new Promise((resolve, reject) => {
      execFile(program(this.binary), [...args, "--endpoint", this.endpoint, "--json"], (error, stdout, stderr) => {
        if (error) reject(new ClocheError(stderr.trim() || error.message));
        else resolve(JSON.parse(stdout));
      });
    });
  }
}

class Branch extends Environment {
  #parent;
  constructor(parent, told) {
    super(told.endpoint, parent.binary);
    this.name = told.name;
    this.port = told.port;
    this.#parent = parent;
  }
  async remove() {
    await this.#parent.ask("DELETE", `/_cloche/branches/${encodeURIComponent(this.name)}`);
  }
  [asyncDispose]() {
    return this.remove();
  }
}

class Cloche extends Environment {
  #child;
  #data;
  constructor(endpoint, binary, child, data) {
    super(endpoint, binary);
    this.#child = child;
    this.#data = data;
  }
  async stop() {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    await end(child);
    await rm(this.#data, { recursive: true, force: true });
  }
  [asyncDispose]() {
    return this.stop();
  }
}

// Ends our own child, and waits until it has.
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  clearTimeout(late);
}

async function joinCloche(endpoint) {
  const cloche = new Cloche(endpoint.replace(/\/$/, ""));
  await cloche.ask("GET", "/_cloche/health");
  return cloche;
}

async function startCloche({ args = [], durability = "memory", binary } = {}) {
  if (process.env.CLOCHE_ENDPOINT) return joinCloche(process.env.CLOCHE_ENDPOINT);
  const data = await mkdtemp(join(tmpdir(), "cloche-"));
  const options = ["start", "--data", data, "--listen", "127.0.0.1:0", "--durability", durability, "--log", "warn", "--until-eof", ...args];
  const child = spawn(program(binary), options, { stdio: ["pipe", "pipe", "pipe"] });
  // A test runner that is gone leaves no server behind, however it went: the server's input ends then. ("exit" of a
  // process tells Jest's tests nothing, and of a worker that Vitest has killed nobody.)
  child.stdin.on("error", () => {});
  const said = [];
  child.stderr.on("data", (piece) => said.push(String(piece)));
  try {
    const endpoint = await new Promise((resolve, reject) => {
      let found;
      child.once("error", (error) =>
        reject(new ClocheError(`cloche can't be started (${error.message}); put it on the PATH, name it with CLOCHE_BINARY, or join one with CLOCHE_ENDPOINT`)));
      child.once("exit", (status) => reject(new ClocheError(`cloche did not start (status ${status}):\n${said.join("")}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        said.push(line + "\n");
        found ??= /endpoint\s+(http:\/\/\S+)/.exec(line)?.[1];
        if (line === "Ready.") resolve(found);
      });
    });
    // It must not keep the runner's process alive; its output is read on.
    child.unref();
    child.stdin.unref?.();
    child.stdout.unref?.();
    child.stderr.unref?.();
    return new Cloche(endpoint, binary, child, data);
  } catch (error) {
    await rm(data, { recursive: true, force: true });
    throw error;
  }
}

module.exports = { ClocheError, joinCloche, startCloche };
