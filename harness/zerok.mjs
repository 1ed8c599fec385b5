#!/usr/bin/env node
/** The bin: hands over to the compiled command line, or says what to run when there is none yet. */
// @ts-check
import { existsSync } from "node:fs";

const main = new URL("../dist/harness/main.js", import.meta.url);
if (existsSync(main)) {
  const { runProcess } = await import(main.href);
  await runProcess();
} else {
  process.stderr.write(
    "zerok is not built yet: `npm run build` does it, `npm start` does it and runs everything once.\n",
  );
  process.exitCode = 3;
}
