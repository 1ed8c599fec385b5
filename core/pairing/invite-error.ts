import { unreachable } from "../invariant.ts";

/** Why a text is no invite that can be joined with. */
export type InviteError =
  | { readonly type: "TooLong"; readonly length: number; readonly lengthMax: number }
  /** Nothing like an invite: a short code, an address, some other text. */
  | { readonly type: "NotAnInvite" }
  | { readonly type: "UnknownVersion"; readonly version: number }
  /** Cut off, or a character is another one. */
  | { readonly type: "Damaged" }
  | { readonly type: "BadField"; readonly field: string }
  /** Wall clock, seconds. */
  | { readonly type: "Expired"; readonly expiresAtS: number; readonly nowS: number };

/** One sentence for a person, without anything of the invite itself. */
export function renderInviteError(error: InviteError): string {
  switch (error.type) {
    case "TooLong":
      return `This is no invite: it has ${error.length} characters, and the longest invite has ${error.lengthMax}.`;
    case "NotAnInvite":
      return "This is no invite: paste the whole text that `zerok pair --create` printed, or its short code with --relay.";
    case "UnknownVersion":
      return `This invite has version ${error.version}, which this program does not know: update it and join again.`;
    case "Damaged":
      return "This invite is damaged, a part or a character of it is missing or changed: copy it again.";
    case "BadField":
      return `This invite is not usable, its field "${error.field}" has an impossible value: have another one made.`;
    case "Expired":
      return `This invite expired ${renderAge(error.nowS - error.expiresAtS)} ago by this machine's clock: have another one made.`;
    default:
      return unreachable(error);
  }
}

function renderAge(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
