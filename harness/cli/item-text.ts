/** One entry of the inbox, as a person reads it and as a program does. */
import type { Item } from "../client/item.ts";
import { parseItem } from "../client/item.ts";
import { printableText } from "../printable-text.ts";
import type { InboxEntry } from "../client/sync-events.ts";
import { renderCount } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { shortPath } from "./short-path.ts";

/** `path` is where a file was written, when it was. */
export function renderEntry(paint: Paint, entry: InboxEntry, ownId: string, path: string | undefined): string {
  const item = parseItem(entry.data);
  const who = entry.sender === ownId ? "you" : entry.sender.slice(0, 8);
  const head = `${paint.bold(`[${entry.index}]`)} ${paint.dim(who)}`;
  return `${head}  ${renderItem(paint, item, path)}\n`;
}

function renderItem(paint: Paint, item: Item, path: string | undefined): string {
  switch (item.type) {
    case "text":
      // Further lines stand under the first.
      return printableText(item.text.replace(/\n$/, "")).replaceAll("\n", "\n    ");
    case "file":
      return `${paint.cyan(`file ${item.name}`)}, ${renderBytes(item.bytes)}${renderPath(path)}`;
    case "bytes":
      return `${paint.cyan("binary")}, ${renderBytes(item.bytes)}${renderPath(path)}`;
  }
}

function renderPath(path: string | undefined): string {
  return path === undefined ? "" : ` → ${shortPath(path)}`;
}

export function renderBytes({ length }: Uint8Array): string {
  return `${renderCount(length)} ${length === 1 ? "byte" : "bytes"}`;
}

/** Bytes are base64, unless they were written to `path`. */
export function entryJson(entry: InboxEntry, ownId: string, path: string | undefined): object {
  const { index, blobId, sender, relay, cursor, timestampMs } = entry;
  const timestamp = new Date(timestampMs).toISOString();
  const origin = { index, blobId, sender, isOwn: sender === ownId, relay, cursor, timestamp };
  const item = parseItem(entry.data);
  if (item.type === "text") return { ...origin, type: "text", text: item.text };
  const content = path === undefined ? { base64: Buffer.from(item.bytes).toString("base64") } : { path };
  const name = item.type === "file" ? { name: item.name } : {};
  return { ...origin, type: item.type, ...name, bytes: item.bytes.length, ...content };
}
