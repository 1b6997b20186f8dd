import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ClocheError, joinCloche, startCloche } from "../index.js";

let cloche;
before(async () => {
  cloche = await startCloche();
  await put(cloche, "/prepared", "");
});
after(() => cloche.stop());

// S3 without an SDK, so that these tests need no package.
const s3 = (environment, method, path, body = "") =>
  new Promise((resolve, reject) => {
    const asked = http.request(environment.endpoint + path, { method, agent: false, headers: { authorization: "AWS test:test" } }, (answer) => {
      let said = "";
      answer.on("data", (piece) => (said += piece));
      answer.on("end", () => resolve({ status: answer.statusCode, body: said }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
const put = (environment, path, body) => s3(environment, "PUT", path, body);

test("a branch begins with what was prepared and changes nothing of it", async () => {
  const branch = await cloche.branch();
  assert.equal((await put(branch, "/prepared/k", "v")).status, 200);
  assert.equal((await s3(branch, "GET", "/prepared/k")).body, "v");
  assert.equal((await s3(cloche, "GET", "/prepared/k")).status, 404);
  assert.deepEqual((await cloche.ask("GET", "/_cloche/branches")).branches.map(({ name }) => name), [branch.name]);
  await branch.remove();
  assert.deepEqual((await cloche.ask("GET", "/_cloche/branches")).branches, []);
});

test("the clock stands until it is moved", async () => {
  const branch = await cloche.branch({ name: "clock" });
  const began = await branch.clock.freeze("2026-01-01T00:00:00Z");
  assert.equal(began.toISOString(), "2026-01-01T00:00:00.000Z");
  assert.equal((await branch.clock.advance("2h")).getTime() - began.getTime(), 7_200_000);
  assert.equal((await branch.clock.advance(1500)).getTime() - began.getTime(), 7_201_500);
  assert.equal((await branch.clock.set(new Date(0))).getTime(), 0);
  assert.notEqual((await cloche.clock.now()).getTime(), 0);
  await branch.remove();
});

test("config is what a client of the AWS SDK takes", () => {
  assert.deepEqual(cloche.config(), {
    endpoint: cloche.endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" }, forcePathStyle: true,
  });
});

test("history, fixtures and reset", async () => {
  const own = await startCloche({ durability: "commit", args: ["--seed", "1"] });
  await put(own, "/kept", "");
  await own.checkpoint("before");
  await put(own, "/later", "");
  await own.rewind("before");
  assert.equal((await s3(own, "HEAD", "/later")).status, 404);
  const folder = join(await mkdtemp(join(tmpdir(), "cloche-fixture-")), "fixture");
  assert.equal((await own.save(folder)).buckets, 1);
  await own.reset();
  assert.equal((await s3(own, "HEAD", "/kept")).status, 404);
  await own.load(folder);
  assert.equal((await s3(own, "HEAD", "/kept")).status, 200);
  await assert.rejects(own.load(folder), /there already: bucket kept/);
  await assert.rejects(own.rewind("nope"), (error) => error instanceof ClocheError && error.code !== "");
  await own.stop();
  await assert.rejects(joinCloche(own.endpoint), /nothing answers/);
});

test("joining leaves it running; what to do is told", async () => {
  const joined = await joinCloche(cloche.endpoint);
  await joined.stop();
  assert.ok(await cloche.ask("GET", "/_cloche/health"));
  await assert.rejects(startCloche({ binary: "/no/such/cloche" }), /CLOCHE_BINARY/);
  await assert.rejects(startCloche({ binary: "/bin/false" }), /did not start/);
});
