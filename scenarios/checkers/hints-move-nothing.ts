/**
 * Only an answered pull moves a position: a durable cursor is never beyond the furthest `through` of an answered pull
 * of that device, relay and epoch, and each pull asks from exactly the durable cursor. A PushAck, a Notify or a Welcome
 * that told of a higher cursor moved nothing.
 *
 * A pull's `ok` may be written before or after the commit of its page, so a state that is ahead while a pull is open
 * waits for the end of that pull; when the device died meanwhile (`info`), or a crash shows a commit whose pull was
 * never answered to the application, the disk is believed. So it is after the plan took the device's own disk.
 */
import type { Checker } from "../checker.ts";
import type { NotifiedRecord, OperationRecord } from "../history.ts";
import type { About } from "./about.ts";
import type { ReaderRow, State } from "./history-rows.ts";
import { renderLog } from "./render-place.ts";

interface Puller {
  life: number;
  durable: number;
  state: State | undefined;
  /** Highest position of an answered pull. */
  through: number;
  /** Pulls invoked and not completed. */
  open: number;
  /** A pull ended without a known answer since the last durable state. */
  isUnsettled: boolean;
  /** A state beyond `through`, until the open pull completes. */
  ahead: State | undefined;
  hint: NotifiedRecord | undefined;
}

export const hintsMoveNothing: Checker = {
  name: "hints-move-nothing",
  holdsWhen: "a pull position moves only by an answered pull, to its `through`",
  enforces: [5],
  start(_plan, report, { disks }) {
    /** By the reader's number. */
    const pullers: Puller[] = [];

    function pullerOf({ number }: ReaderRow): Puller {
      let puller = pullers[number];
      if (puller === undefined) {
        puller = {
          life: 0,
          durable: 0,
          state: undefined,
          through: 0,
          open: 0,
          isUnsettled: false,
          ahead: undefined,
          hint: undefined,
        };
        pullers[number] = puller;
      }
      return puller;
    }

    function tellAhead(puller: Puller, state: State): void {
      puller.ahead = undefined;
      const hint = puller.hint !== undefined && puller.hint.cursor >= state.cursor ? puller.hint : undefined;
      report({
        kind: "cursor-from-a-hint",
        message:
          `${state.device} stands durably at ${state.cursor} of ${renderLog(state)}, but no pull of it was answered ` +
          `beyond ${puller.through}${hint === undefined ? "" : `; a ${hint.by} had told it of ${hint.cursor}`}`,
        witness: hint === undefined ? [state] : [hint, state],
      });
      puller.through = state.cursor;
    }

    function see(record: State, about: About): void {
      const puller = pullerOf(about.reader!);
      const life = disks.of(record.device);
      const isCrash = record.type === "durable-state" && record.why === "crash";
      if (puller.life !== life) {
        puller.life = life;
        puller.through = Math.max(puller.through, record.cursor);
      }
      if (record.cursor > puller.through) {
        if (puller.isUnsettled || (isCrash && puller.open > 0)) puller.through = record.cursor;
        else if (puller.open > 0) puller.ahead = record;
        else tellAhead(puller, record);
      }
      puller.durable = record.cursor;
      puller.state = record;
      puller.isUnsettled = false;
    }

    function invoke(record: OperationRecord, { reader }: About): void {
      if (reader === undefined || record.after === undefined) return;
      const puller = pullerOf(reader);
      puller.open++;
      if (record.after === puller.durable || puller.life !== disks.of(record.device)) return;
      const isAhead = record.after > puller.durable;
      const hint = isAhead && (puller.hint?.cursor ?? -1) >= record.after ? puller.hint : undefined;
      const reason = hint === undefined ? "" : `; a ${hint.by} had told it of ${hint.cursor}`;
      const witness = [hint, puller.state, record].filter((each) => each !== undefined);
      report({
        kind: isAhead ? "pull-from-a-hint" : "pull-from-behind",
        message:
          `${record.device} pulled ${renderLog(reader.log)} from ${record.after}, ` +
          `but its durable cursor is ${puller.durable}${reason}`,
        witness,
      });
    }

    function complete(record: OperationRecord, { invoked }: About): void {
      if (invoked?.reader === undefined || invoked.record.after === undefined) return;
      const puller = pullerOf(invoked.reader);
      puller.open--;
      if (record.outcome === "ok") {
        if (record.through !== undefined && record.through > puller.through) puller.through = record.through;
      } else if (record.outcome === "info") {
        puller.isUnsettled = true;
        if (puller.ahead !== undefined) puller.through = puller.ahead.cursor;
      }
      if (puller.ahead === undefined) return;
      if (puller.ahead.cursor <= puller.through) puller.ahead = undefined;
      else if (puller.open === 0) tellAhead(puller, puller.ahead);
    }

    return {
      on: {
        pull: invoke,
        "pull-end": complete,
        notified(record, about) {
          const puller = pullerOf(about.reader!);
          if (puller.hint === undefined || record.cursor > puller.hint.cursor) puller.hint = record;
        },
        "durable-state": see,
        "final-state": see,
      },
    };
  },
};
