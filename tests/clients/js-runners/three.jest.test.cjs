const { startCloche, ClocheError } = require("cloche-testing");
require("./suite.cjs")({ startCloche, ClocheError, test, expect, beforeAll, afterAll, beforeEach, afterEach });
