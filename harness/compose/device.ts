/**
 * One of the two devices of `docker-compose.chaos.yml`: `node device.js a` makes a group and invites, `node device.js b`
 * joins it. Both push their items through Toxiproxy, wait until they have all of both, and hand over what they have.
 */
import { randomBytes } from "node:crypto";
import { joinInvite } from "../client/invite.ts";
import { SyncClient } from "../client/sync-client.ts";
import { Handover, numberOf, pause, PairError, runService, type Invite, type Outcome } from "./handover.ts";

const SECRET_BYTES = 32;
const RUN_BYTES = 4;

const [device = ""] = process.argv.slice(2);
const handover = new Handover();
const items = numberOf("PAIR_ITEMS", 20);
const pauseMs = numberOf("PAIR_PAUSE_MS", 200);
const timeoutMs = 1000 * numberOf("PAIR_TIMEOUT_S", 90);
/** Where devices find the relay: at Toxiproxy, never directly. */
const dialled = process.env["PAIR_DIAL"] ?? "toxiproxy:4433";

await runService(device, async () => {
  const endsMs = Date.now() + timeoutMs;
  const { client, run } = device === "a" ? await createGroup() : await joinGroup();
  let failure: unknown;
  client.connect().catch((error: unknown) => (failure = error));
  for (let i = 0; i < items; i++) {
    await client.push(`${run}/${device}/${i}`);
    await pause(pauseMs);
  }
  for (;;) {
    await client.catchUp().catch((error: unknown) => (failure = error));
    const texts = textsOf(client, run);
    if (texts.length >= 2 * items && client.status().queued === 0) {
      handover.give(`${device}.json`, { device, texts } satisfies Outcome);
      await client.close();
      return `has all ${texts.length} items`;
    }
    if (Date.now() > endsMs) {
      const why = failure instanceof Error ? `; ${failure.message}` : "";
      throw new PairError(`has ${texts.length} of ${2 * items} items after ${timeoutMs / 1000} s${why}`);
    }
    await pause(pauseMs);
  }
});

async function createGroup(): Promise<{ client: SyncClient; run: string }> {
  const { address } = await handover.take<{ address: string }>("relay.json", timeoutMs);
  const relay = `${address.slice(0, address.indexOf("@"))}@${dialled}`;
  // The judge makes the way to the relay.
  await handover.take("proxy.json", timeoutMs);
  const run = randomBytes(RUN_BYTES).toString("hex");
  const groupSecret = Uint8Array.from(randomBytes(SECRET_BYTES));
  const client = await SyncClient.open({ dataDir: "/data/device", groupSecret, relays: [relay] });
  const { payload } = await client.createInvite();
  handover.give("invite.json", { run, payload } satisfies Invite);
  return { client, run };
}

async function joinGroup(): Promise<{ client: SyncClient; run: string }> {
  const { run, payload } = await handover.take<Invite>("invite.json", timeoutMs);
  const client = await SyncClient.open({ dataDir: "/data/device", ...(await joinInvite({ payload })) });
  return { client, run };
}

function textsOf(client: SyncClient, run: string): readonly string[] {
  return client
    .inbox({ after: 0, limit: 4 * items })
    .toSorted((a, b) => a.cursor - b.cursor)
    .map(({ data }) => Buffer.from(data).toString("utf8"))
    .filter((text) => text.startsWith(`${run}/`));
}
