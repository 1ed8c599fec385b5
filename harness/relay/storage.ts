/** The relay's store as its daemon has it: opened or refused with a sentence, asked how it is, with or without sweeps. */
import type { CryptoSuite } from "../../core/crypto/suite.ts";
import type { RelayAnswer, RelayOperation } from "../../core/relay/store.ts";
import { EXIT } from "../cli/exit-code.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";
import type { CommitFaults, Database } from "../sqlite/database.ts";
import { errorCode, openDatabase } from "../sqlite/database.ts";
import { openIdentityFile } from "../sqlite/identity-file.ts";
import { RELAY_SCHEMA } from "../sqlite/relay-schema.ts";
import { RelayStore } from "../sqlite/relay-store.ts";
import { UserError } from "../user-error.ts";
import { createStorageFigures } from "./storage-figures.ts";
import type { StorageFigures } from "./storage-figures.ts";

export interface RelayStorage extends TransactionStore<RelayOperation, RelayAnswer> {
  /** Asks the database; undefined when it does not answer, or when the last transaction failed. */
  figures(): StorageFigures | undefined;
  /** Others could read the relay's key until it was opened. */
  readonly wasKeyExposed: boolean;
}

export interface StorageOptions {
  readonly isSwept: boolean;
  readonly nowMs: () => number;
  /** What a test does to its commits. */
  readonly faults?: CommitFaults | undefined;
  /** The database began to fail, with this code of SQLite's or the system's: once, until it works again. */
  readonly onTrouble?: (code: string) => void;
}

/** Throws a `UserError`: another relay has it, it is damaged, or this user may not. */
export function openStorage(
  paths: { readonly database: string; readonly identity: string },
  suite: CryptoSuite,
  { isSwept, nowMs, faults, onTrouble = () => {} }: StorageOptions,
): RelayStorage {
  const database = openDatabase(paths.database, RELAY_SCHEMA, { faults });
  if (!database.ok) throw new UserError(database.error.sentence, EXIT.machineCannot);
  const identity = openIdentityFile(paths.identity);
  if (!identity.ok) {
    database.value.close();
    throw new UserError(identity.error.sentence, EXIT.machineCannot);
  }
  const { store, figures } = openTables(paths.database, database.value, () => ({
    store: new RelayStore(database.value, identity.value, suite),
    figures: createStorageFigures(database.value, nowMs),
  }));
  const tables = database.value;
  let isFailing = false;
  let told: string | undefined;

  function tell(code: string | undefined): void {
    if (code !== undefined && code !== told) onTrouble(code);
    told = code;
  }
  function run(operations: readonly RelayOperation[], wallMs: number): readonly RelayAnswer[] {
    const answers = store.run(operations, wallMs);
    isFailing = answers.some((answer) => answer.type === "failed");
    tell(isFailing ? tables.lastErrorCode : undefined);
    return answers;
  }
  return {
    run: isSwept ? run : (operations, wallMs) => runUnswept(run, operations, wallMs),
    figures() {
      try {
        const present = figures();
        return isFailing ? undefined : present;
      } catch (error) {
        // Whatever it is: the store does not answer.
        tell(errorCode(error));
        return undefined;
      }
    },
    wasKeyExposed: identity.value.wasExposed,
    close: () => store.close(),
  };
}

/** A file that says it is ours may still lack a table. */
function openTables<T>(path: string, database: Database, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const code = errorCode(error);
    database.close();
    if (code === undefined) throw error;
    const remedy = "restore a backup, or move the file away to begin anew";
    throw new UserError(
      `${path} is damaged: tables of a relay are missing or different (${code}): ${remedy}.`,
      EXIT.machineCannot,
    );
  }
}

/** Sweeps are answered and not done: blobs stay when their time is over. */
function runUnswept(
  run: TransactionStore<RelayOperation, RelayAnswer>["run"],
  operations: readonly RelayOperation[],
  wallMs: number,
): readonly RelayAnswer[] {
  const others = operations.filter((operation) => operation.type !== "sweep");
  const answers = others.length === 0 ? [] : [...run(others, wallMs)];
  return operations.map((operation): RelayAnswer => {
    return operation.type === "sweep" ? { id: operation.id, type: "swept", gone: 0, hasMore: false } : answers.shift()!;
  });
}
