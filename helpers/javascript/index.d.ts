// The same for import and for require.
export * from "./index.cjs";
