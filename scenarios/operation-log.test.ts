import { expect, it } from "vitest";
import type { HistoryRecord, OperationRecord } from "./history.ts";
import type { HistorySink } from "./history-sink.ts";
import { OperationLog } from "./operation-log.ts";

function createLog(): { log: OperationLog; records: HistoryRecord[] } {
  const records: HistoryRecord[] = [];
  let processes = 0;
  const sink: HistorySink = {
    at: 0,
    names: { of: () => "" },
    nextProcess: () => ++processes,
    add: (record) => void records.push(record),
  };
  return { log: new OperationLog(sink, "a", "main"), records };
}

it("a crash leaves open what was open, in the order in which it began, however much was settled before", () => {
  const { log, records } = createLog();
  const push = (): number =>
    log.invokePush({ id: 0, atMs: 0, do: "push", device: "a", op: "00", sizeBytes: 1, ttlS: 0 }, new Uint8Array(1));
  const kept: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const process = push();
    log.queued(process, `blob ${i}`, i);
    if (i % 1000 === 7) kept.push(process);
    else log.settlePush(`blob ${i}`, "ok");
  }
  const early = [push(), push(), push()];
  log.pushFailed(early[0]!, "QueueFull");
  records.length = 0;
  log.died();
  const processesOf = (some: readonly HistoryRecord[]) => some.map((record) => (record as OperationRecord).process);
  expect(processesOf(records)).toEqual([early[1], early[2], ...kept]);
  // The sent log is durable: what becomes of these is heard, and of what was early nothing.
  records.length = 0;
  log.settlePush("blob 7", "ok");
  log.settlePush("blob 8", "ok");
  log.pushFailed(early[1]!, "QueueFull");
  expect(processesOf(records)).toEqual([kept[0]]);
});
