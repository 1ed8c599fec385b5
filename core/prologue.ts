import { encodeText } from "./text.ts";

/** Both ends mix it into the handshake: another version or another protocol cannot finish it. */
export const PROLOGUE = encodeText("0k-sync/2");
