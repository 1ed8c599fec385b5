/**
 * The judge of `docker-compose.chaos.yml`: makes the proxy between devices and relay at Toxiproxy, puts latency on both
 * of its streams and reads it back, waits for what the devices hand over, and compares. Ends with 0 when both have all
 * items, once, in the same order; with 1 when they have not, or the relay is gone for good.
 */
import { Handover, numberOf, pause, PairError, runService, type Outcome } from "./handover.ts";

const toxiproxy = process.env["PAIR_TOXIPROXY"] ?? "http://toxiproxy:8474";
const relayReady = process.env["PAIR_RELAY_READY"] ?? "http://relay:8080/ready";
const upstream = process.env["PAIR_UPSTREAM"] ?? "relay:4433";
const PROXY = "pair-relay";
const ASK_TIMEOUT_MS = 5000;
const LOOK_MS = 250;

const handover = new Handover();
const items = numberOf("PAIR_ITEMS", 20);
const latencyMs = numberOf("PAIR_LATENCY_MS", 100);
const timeoutMs = 1000 * numberOf("PAIR_TIMEOUT_S", 90);
const goneMs = 1000 * numberOf("PAIR_RELAY_GONE_S", 15);

await runService("judge", async () => {
  await makeProxy();
  handover.give("proxy.json", { name: PROXY });
  const outcomes = await waitForDevices();
  const faults = compare(outcomes);
  if (faults.length > 0) throw new PairError(`not synced: ${faults.join("; ")}`);
  await readBack();
  return `${outcomes.length} devices have the same ${2 * items} items in the same order, through Toxiproxy`;
});

async function makeProxy(): Promise<void> {
  // Closed until its toxics are there, so that nothing gets through without them.
  await ask("DELETE", `/proxies/${PROXY}`).catch(() => {});
  await ask("POST", "/proxies", { name: PROXY, listen: "0.0.0.0:4433", upstream, enabled: false });
  for (const stream of ["upstream", "downstream"]) {
    const attributes = { latency: latencyMs, jitter: 0 };
    await ask("POST", `/proxies/${PROXY}/toxics`, { type: "latency", stream, toxicity: 1, attributes });
  }
  await ask("POST", `/proxies/${PROXY}`, { enabled: true });
  await readBack();
}

async function readBack(): Promise<void> {
  const proxy = (await ask("GET", `/proxies/${PROXY}`)) as { enabled: boolean; toxics: readonly { type: string }[] };
  const count = proxy.toxics.filter(({ type }) => type === "latency").length;
  if (!proxy.enabled || count !== 2) throw new PairError(`Toxiproxy has not what was set: ${JSON.stringify(proxy)}`);
}

async function waitForDevices(): Promise<readonly Outcome[]> {
  const untilMs = Date.now() + timeoutMs;
  let seenMs = Date.now();
  while (Date.now() < untilMs) {
    const outcomes = ["a.json", "b.json"].flatMap((name) => handover.read<Outcome>(name) ?? []);
    if (outcomes.length === 2) return outcomes;
    if (await isReady()) seenMs = Date.now();
    if (Date.now() - seenMs > goneMs) throw new PairError(`the relay has been gone for ${goneMs / 1000} s`);
    await pause(LOOK_MS);
  }
  throw new PairError(`the devices were not done after ${timeoutMs / 1000} s`);
}

function compare(outcomes: readonly Outcome[]): readonly string[] {
  const [first, ...others] = outcomes;
  const faults: string[] = [];
  for (const { device, texts } of outcomes) {
    if (new Set(texts).size !== texts.length) faults.push(`${device} has an item twice`);
    if (new Set(texts).size !== 2 * items) faults.push(`${device} has ${new Set(texts).size} of ${2 * items} items`);
  }
  for (const other of others) {
    if (other.texts.join() !== first!.texts.join()) faults.push(`${first!.device} and ${other.device} differ in order`);
  }
  return faults;
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(relayReady, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${toxiproxy}${path}`, {
    method,
    signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new PairError(`Toxiproxy refused ${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
