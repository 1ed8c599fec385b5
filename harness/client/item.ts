/**
 * What is in a blob, as the command line writes it: text, or a file with its name. Text is its own UTF-8 bytes and
 * nothing else, so that whatever else reads the group sees plain text. A file begins with a byte that no UTF-8 has:
 *
 *     0xC1 ‖ version (1) ‖ length of the name in bytes (1) ‖ name, UTF-8 ‖ the file's bytes
 *
 * Bytes that are neither are `bytes`: an application may push what it likes. A name is only ever a name, never a path:
 * whoever pushed it could otherwise choose where it is written.
 */
export type Item =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "file"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly type: "bytes"; readonly bytes: Uint8Array };

const FILE_MARK = 0xc1;
const VERSION = 1;
const HEADER_BYTES = 3;
const NAME_BYTES_MAX = 255;
const NAMELESS = "unnamed";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export function encodeItem(item: Item): Uint8Array {
  switch (item.type) {
    case "text":
      return encoder.encode(item.text);
    case "file": {
      const name = encoder.encode(plainName(item.name));
      return Buffer.concat([Uint8Array.of(FILE_MARK, VERSION, name.length), name, item.bytes]);
    }
    case "bytes":
      return item.bytes;
  }
}

/** Never fails: what is no file and no text is bytes. A file's `bytes` are a view into `body`. */
export function parseItem(body: Uint8Array): Item {
  const text = decodeUtf8(body);
  if (text !== undefined) return { type: "text", text };
  return parseFile(body) ?? { type: "bytes", bytes: body };
}

function parseFile(body: Uint8Array): Item | undefined {
  const [mark, version, nameBytes] = body;
  if (mark !== FILE_MARK || version !== VERSION || nameBytes === undefined) return undefined;
  const start = HEADER_BYTES + nameBytes;
  if (body.length < start) return undefined;
  const name = decodeUtf8(body.subarray(HEADER_BYTES, start));
  return name === undefined ? undefined : { type: "file", name: plainName(name), bytes: body.subarray(start) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The last part of a path, without what a terminal or a file system would take for something else, at most 255 bytes of
 * UTF-8. Something always remains.
 */
export function plainName(path: string): string {
  // Through UTF-8 and back: half of a surrogate pair has none.
  const last = Buffer.from(path.split(/[/\\]/).at(-1)!, "utf8").toString("utf8");
  // Control characters are just what is looked for.
  // oxlint-disable-next-line no-control-regex
  let name = last.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069<>:"|?*]/g, "_");
  name = name.replace(/^[\s.]+$/, "").replace(/[\s.]+$/, "");
  name = shortened(name);
  return name === "" ? NAMELESS : name;
}

/** As many whole characters as fit. */
function shortened(name: string): string {
  let bytes = 0;
  let length = 0;
  for (const character of name) {
    bytes += encoder.encode(character).length;
    if (bytes > NAME_BYTES_MAX) return name.slice(0, length).replace(/[\s.]+$/, "");
    length += character.length;
  }
  return name;
}
