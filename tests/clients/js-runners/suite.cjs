// What a test file of a user does, for each runner. Several files run it at once, and each makes the same names: none may see another's.
"use strict";
const http = require("node:http");

// S3 without an SDK.
const ask = (environment, method, path, body = "") =>
  new Promise((resolve, reject) => {
    const asked = http.request(environment.endpoint + path, { method, agent: false, headers: { authorization: "AWS test:test" } }, (answer) => {
      let said = "";
      answer.on("data", (piece) => (said += piece));
      answer.on("end", () => resolve({ status: answer.statusCode, body: said }));
    });
    asked.on("error", reject);
    asked.end(body);
  });

module.exports = function suite({ startCloche, ClocheError, test, expect, beforeAll, afterAll, beforeEach, afterEach }) {
  let cloche, prepared, branch;
  beforeAll(async () => {
    cloche = await startCloche();
    // Where one is joined, what is prepared must be one's own.
    prepared = await cloche.branch({ name: `file-${process.pid}-${Math.random().toString(36).slice(2)}` });
    await ask(prepared, "PUT", "/prepared");
    await ask(prepared, "PUT", "/prepared/k", "as prepared");
  });
  afterAll(async () => {
    await prepared.remove();
    await cloche.stop();
  });
  beforeEach(async () => {
    branch = await prepared.branch();
  });
  afterEach(() => branch.remove());

  for (let turn = 0; turn < 8; ++turn) {
    test(`each test has a branch of what was prepared (${turn})`, async () => {
      expect((await ask(branch, "GET", "/prepared/k")).body).toBe("as prepared");
      expect((await ask(branch, "PUT", "/prepared/k", "changed")).status).toBe(200);
      expect((await ask(branch, "PUT", "/mine")).status).toBe(200);
      expect((await ask(prepared, "GET", "/prepared/k")).body).toBe("as prepared");
      expect((await ask(prepared, "HEAD", "/mine")).status).toBe(404);
    });
  }

  test("the clock stands until it is moved", async () => {
    const began = await branch.clock.freeze("2026-01-01T00:00:00Z");
    expect((await branch.clock.advance("2h")) - began).toBe(7_200_000);
    expect((await prepared.clock.now()).getTime()).not.toBe(began.getTime() + 7_200_000);
  });

  test("errors are the helper's own", async () => {
    await expect(branch.rewind("nope")).rejects.toThrow(ClocheError);
  });
};
