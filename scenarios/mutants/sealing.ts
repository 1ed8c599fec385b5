/** Bugs of our own making in what is sealed, framed and hidden. */
import type { Mutant } from "./mutant.ts";

const OWN = "own";

export const sealingMutants: readonly Mutant[] = [
  {
    id: "N61",
    title: "rekeying resets the counter and keeps the key",
    from: OWN,
    edits: [
      {
        file: "core/noise/cipher-state.ts",
        find: "this.#key = sealed.slice(0, KEY_BYTES);",
        replace: "this.#counter = sealed.length - sealed.length;",
      },
    ],
    caughtBy: "nonce-unique",
    scenarios: ["S-CONV-01", "S-CONC-03"],
  },
  {
    id: "N62",
    title: "one nonce for all payloads",
    from: OWN,
    edits: [{ file: "core/blob/seal.ts", find: 'options.entropy.fill("nonce", nonce);', replace: "nonce.fill(7);" }],
    caughtBy: "nonce-unique",
    scenarios: ["W-13", "S-CONV-04"],
  },
  {
    id: "N63",
    title: "nonces count up from the start of the process",
    from: OWN,
    edits: [
      {
        file: "core/blob/seal.ts",
        find: 'options.entropy.fill("nonce", nonce);',
        replace: "nonce.fill(content.sequence & 0xff, 0, 8);",
      },
    ],
    caughtBy: "nonce-unique",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N64",
    title: "payloads are not encrypted",
    from: OWN,
    edits: [
      {
        file: "core/blob/seal.ts",
        find: "options.suite.xaeadSeal(options.key.expose(), nonce, ad, plaintext, payload.subarray(XNONCE_BYTES));",
        replace: "if (ad.length === 0) payload.fill(0);",
      },
      {
        file: "core/blob/seal.ts",
        find: "if (!suite.xaeadOpen(key.expose(), nonce, ad, payload.subarray(XNONCE_BYTES), plaintext)) {",
        replace:
          "plaintext.set(payload.subarray(XNONCE_BYTES, payload.length - TAG_BYTES));\n  if (suite === undefined || key === undefined || nonce === ad) {",
      },
    ],
    caughtBy: "zero-knowledge",
    scenarios: ["W-13", "S-CONV-04"],
  },
  {
    id: "N65",
    title: "blob ids are taken from the content",
    from: OWN,
    edits: [
      {
        file: "core/client/sealer.ts",
        find: 'entropy.fill("blob-id", blobId);',
        replace: 'entropy.fill("blob-id", blobId);\n    blobId.set(body.subarray(0, BLOB_ID_BYTES));',
      },
    ],
    caughtBy: "zero-knowledge",
    scenarios: ["W-13", "S-CONV-04"],
  },
  {
    id: "N66",
    title: "the group's id is the key that seals its payloads",
    from: OWN,
    edits: [
      {
        file: "core/keys.ts",
        find: "encryption: new Redacted(suite.hkdf(bytes, SALT, ENCRYPTION, KEY_BYTES)),",
        replace: "encryption: new Redacted(groupKey),",
      },
    ],
    caughtBy: "zero-knowledge",
    scenarios: ["W-13", "S-CONV-04"],
  },
  {
    id: "N68",
    title: "a part of a frame is taken as the whole",
    from: OWN,
    edits: [
      {
        file: "core/noise/frame-cutter.ts",
        find: "if (this.#bodyFilled < body.length) return;",
        replace: "if (this.#bodyFilled < body.length / 2) return;",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["S-BLOB-04"],
  },
  {
    id: "N69",
    title: "the two sides rekey at different messages",
    from: OWN,
    edits: [
      {
        file: "core/noise/channel.ts",
        find: "if (receive.counter % this.#rekeyAfter === 0) receive.rekey();",
        replace: "if (receive.counter % (this.#rekeyAfter + 1) === 0) receive.rekey();",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["E-ENC-05", "S-SM-02"],
  },
  {
    id: "N70",
    title: "what is padded does not open: one padding for sealing, another for opening",
    from: OWN,
    edits: [
      {
        file: "core/blob/seal.ts",
        find: "if (paddedLength(end) !== plaintext.length",
        replace: "if (paddedLength(end + 300) !== plaintext.length",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["W-13", "S-CONV-04"],
  },
  {
    id: "N83",
    title: "a message whose seal is broken is passed over, and the connection goes on",
    from: OWN,
    edits: [
      {
        file: "core/noise/channel.ts",
        find: 'return { type: "Refused", what: "tag" };',
        replace: "return undefined;",
      },
    ],
    caughtBy: "tamper",
    scenarios: ["E-ENC-03", "A-PROTO-02"],
  },
  {
    id: "N85",
    title: "blob ids are hashes of the content: equal ones tell of equal contents",
    from: OWN,
    edits: [
      {
        file: "core/client/sealer.ts",
        find: 'entropy.fill("blob-id", blobId);',
        replace: 'entropy.fill("blob-id", blobId);\n    blobId.set(suite.hash(body).subarray(0, BLOB_ID_BYTES));',
      },
    ],
    caughtBy: "relay-view",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
];
