// Cloche for tests: see README.md and index.d.ts.
import cloche from "./index.cjs";

export const { ClocheError, joinCloche, startCloche } = cloche;
