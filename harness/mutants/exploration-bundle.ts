/** The pure rooms and the exploration worker as one script, with some sources replaced: made in memory, never written. */
import { isAbsolute, join, relative, sep } from "node:path";
import { build, type Plugin } from "esbuild";
import { fail, ok, type Result } from "../../core/result.ts";
import type { EditedSources } from "./edited-sources.ts";

/** A script for a worker thread; or what the compiler says is wrong with an edited source. */
export async function bundleExploration(root: string, sources: EditedSources): Promise<Result<string, string>> {
  try {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [join(root, "harness", "mutants", "exploration-worker.ts")],
      bundle: true,
      write: false,
      platform: "node",
      format: "cjs",
      target: "node20",
      charset: "utf8",
      logLevel: "silent",
      plugins: [editsPlugin(root, sources)],
    });
    return ok(outputFiles[0]!.text);
  } catch (error) {
    const first = (error as { errors?: readonly { text: string; location?: { file: string; line: number } | null }[] })
      .errors?.[0];
    if (first === undefined) throw error;
    const { text, location } = first;
    return fail(location ? `${location.file}, line ${location.line}: ${text}` : text);
  }
}

function editsPlugin(root: string, sources: EditedSources): Plugin {
  return {
    name: "edits",
    setup({ onLoad }) {
      if (sources.size === 0) return;
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = isAbsolute(path) ? relative(root, path).split(sep).join("/") : path;
        const contents = sources.get(file);
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  };
}
