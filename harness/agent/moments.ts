/**
 * Where an agent kills itself when it was told to: around its machine and its store, so that the machine does not know
 * of it. See `AGENT_MOMENTS` for what each name means.
 */
import type { Client } from "../../core/client/client.ts";
import type { ClientCommand, ClientEvent } from "../../core/client/events.ts";
import type { DeviceAnswer, DeviceOperation } from "../../core/client/store.ts";
import type { Input, Machine, Now, Output } from "../../core/machine.ts";
import type { AgentMoment } from "../../scenarios/agent-protocol.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";

type ClientMachine = Machine<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer>;
type DeviceTransactions = TransactionStore<DeviceOperation, DeviceAnswer>;

/** After which operation of a transaction that was committed. */
const COMMITTED: { readonly [T in DeviceOperation["type"]]?: AgentMoment } = {
  stage: "push-staged",
  acked: "ack-committed",
  take: "page-committed",
};

export class Moments {
  readonly #stop: (moment: AgentMoment) => void;
  #awaited: AgentMoment | undefined;

  /** `stop` ends the process and does not return. */
  constructor(stop: (moment: AgentMoment) => void) {
    this.#stop = stop;
  }

  await(moment: AgentMoment): void {
    this.#awaited = moment;
  }

  watchStore(store: DeviceTransactions): DeviceTransactions {
    return {
      run: (operations, wallMs) => {
        const answers = store.run(operations, wallMs);
        for (const [i, operation] of operations.entries()) {
          const moment = COMMITTED[operation.type];
          if (moment !== undefined && answers[i]?.type !== "failed") this.#come(moment);
        }
        return answers;
      },
      close: () => store.close(),
    };
  }

  watchMachine(machine: Client): ClientMachine {
    let isQueued = false;
    return {
      handle: (input: Input<ClientCommand, DeviceAnswer>, now: Now) => {
        isQueued = false;
        machine.handle(input, now);
      },
      poll: (): Output<DeviceOperation, ClientEvent> | undefined => {
        const output = machine.poll();
        if (output?.type === "event") {
          if (output.event.type === "acked") this.#come("ack-arrived");
          else if (output.event.type === "pulled") this.#come("page-arrived");
          else if (output.event.type === "queued") isQueued = true;
        } else if (output?.type === "send" && isQueued && this.#awaited === "push-sent") {
          // The driver writes at the end of its turn: after it the bytes are the system's.
          setImmediate(() => this.#come("push-sent"));
        }
        return output;
      },
      deadline: () => machine.deadline(),
    };
  }

  #come(moment: AgentMoment): void {
    if (this.#awaited === moment) this.#stop(moment);
  }
}
