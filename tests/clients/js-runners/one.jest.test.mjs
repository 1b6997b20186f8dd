import { startCloche, ClocheError } from "cloche-testing";
import suite from "./suite.cjs";
suite({ startCloche, ClocheError, test, expect, beforeAll, afterAll, beforeEach, afterEach });
