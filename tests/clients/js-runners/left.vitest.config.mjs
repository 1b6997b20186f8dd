// Not among the tests that have to leave nothing.
export default { test: { include: ["left.vitest.mjs"] } };
