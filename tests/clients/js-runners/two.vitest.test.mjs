import { startCloche, ClocheError } from "cloche-testing";
import { test, expect, beforeAll, afterAll, beforeEach, afterEach } from "vitest";
import suite from "./suite.cjs";
suite({ startCloche, ClocheError, test, expect, beforeAll, afterAll, beforeEach, afterEach });
