// A file that does not stop what it started, as one that fails midway.
import { writeFileSync } from "node:fs";
import { startCloche } from "cloche-testing";
test("leaves its server", async () => {
  const cloche = await startCloche();
  writeFileSync(process.env.LEFT, cloche.endpoint);
});
