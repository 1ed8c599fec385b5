import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Only the rooms' own tests: never what the compiler left in dist/.
    include: ["{core,scenarios,sim,chaos,harness}/**/*.test.ts"],
    exclude: ["dist/**", "node_modules/**"],
    // Pure code leaves nothing behind, so files may share a process; it saves loading every module again for each file.
    // Not a thread: ports and descriptors are counted by process.
    pool: "forks",
    isolate: false,
    testTimeout: 30_000,
    coverage: { provider: "v8", include: ["{core,scenarios,sim,chaos,harness}/**/*.ts"], exclude: ["**/*.test.ts"] },
  },
});
