/** A run's story as a numbered list, for a terminal. */
import type { Story } from "../../scenarios/story.ts";
import { createPaint, type Paint } from "./paint.ts";

export function renderStory(story: Story, paint: Paint = createPaint(false)): string {
  const lines = story.cast.map((line) => `  ${paint.dim(line)}`);
  const width = String(story.events.length + 1).length;
  story.events.forEach(({ atMs, text }, i) => {
    lines.push(`  ${String(i + 1).padStart(width)}. ${paint.dim(`${renderSeconds(atMs)} s`)}  ${text}`);
  });
  if (story.unsaid > 0)
    lines.push(`  … and ${story.unsaid} more; zerok shrink makes it a short story, history.jsonl has all of it`);
  for (const sentence of story.ending) lines.push(`  ${paint.red("→")} ${sentence}`);
  return `${lines.join("\n")}\n`;
}

function renderSeconds(ms: number): string {
  return (ms / 1000).toFixed(3).padStart(9);
}
