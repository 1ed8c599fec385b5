/** An invite for a person: QR code, payload, short code, and what to do with them. */
import type { GroupFile } from "../../core/pairing/group-file.ts";
import { groupIdText } from "../client/group-store.ts";
import { shortRelay } from "../client/sync-error.ts";
import type { ClientCall } from "./client-call.ts";
import type { CodedResult } from "./pair-command.ts";
import { renderQrCode } from "./qr-code.ts";

export function renderInvite(call: ClientCall, group: GroupFile, payload: string, coded: CodedResult): string {
  const { code, relay, why } = coded;
  if (call.isQuiet) return `${payload}\n${code === null ? "" : `${code}\n`}`;
  const { paint, io } = call;
  const qr = renderQrCode(payload, io.hasColor);
  const picture =
    qr === undefined || qr.columns > io.columns
      ? `(The QR code needs a terminal of ${qr?.columns ?? "more"} columns, and this one has ${io.columns}.)\n`
      : qr.text;
  const byCode =
    code === null || relay === null
      ? `${paint.yellow("No short code:")} ${why} It waits at a relay, so one must be reachable: \`${call.next("pair --create")}\` tries again.\n`
      : `Or type this short code there, within ten minutes, once:

  ${paint.bold(code)}

  npx zerok pair --join ${code} --relay ${endpointOf(relay)}

It waits at ${shortRelay(relay)}; \`${call.next("pair --cancel")}\` withdraws it.
`;
  return `Group ${groupIdText(group).slice(0, 16)}…

${picture}
On the other device, after \`npx zerok init --name NAME\`, scan the code above or paste its payload:

  ${payload}

  npx zerok pair --join PAYLOAD        (or - to paste it where no history keeps it)

${byCode}
Whoever sees the payload can be in the group: it is refused after ten minutes, but holds the secret for good.
`;
}

/** What a person can type on the other device: the id is in the invite. */
function endpointOf(relay: string): string {
  return relay.slice(relay.indexOf("@") + 1);
}
