/**
 * Group commit: a host's store operations as one transaction at a time.
 *
 * While a transaction is in flight further operations wait and become the next one together. What is written is staged
 * at once, committed after the disk's time and answered after another while, at three different times, so that a crash
 * can fall between any two; what writes nothing is answered by the next entry. A transaction is its own queue entry:
 * a process that died has let go of it, and then its firing does nothing. One per incarnation of a host.
 */
import type { Now } from "../../core/machine.ts";
import type { Cause } from "./choices.ts";
import type { StagedStore } from "./program.ts";
import type { Entry, Lane } from "./scheduler.ts";

/** The host, as its transactions see it. */
export interface CommitHost<Answer> {
  /** The process is paused, or has not yet taken what came meanwhile. */
  readonly isDeferring: boolean;
  /** Of its disk, and of what its disk answers the process. */
  readonly syncLane: Lane;
  readonly answerLane: Lane;
  /** Where nothing was written. */
  readonly readLane: Lane;
  defer(entry: Entry): void;
  now(): Now;
  /** Puts the entry into the queue, for when the disk has synced, or the answers have come, or now. */
  push(entry: Entry, wait: "disk.sync" | "disk.answer" | undefined): void;
  committed(now: Now): void;
  tell(answer: Answer, cause: Cause): void;
  caught(error: unknown): void;
}

/** Nothing waits. Never written to. */
const NONE: never[] = [];

export class GroupCommit<Operation, Answer> {
  private readonly host: CommitHost<Answer>;
  private readonly store: StagedStore<Operation, Answer>;
  private waiting: Operation[] = NONE;
  /** Of the first that waits, and of each after it. */
  private cause: Cause | undefined;
  private laterCauses: Cause[] = NONE;
  private inFlight: Transaction<Operation, Answer> | undefined;
  private isDead = false;

  constructor(host: CommitHost<Answer>, store: StagedStore<Operation, Answer>) {
    this.host = host;
    this.store = store;
  }

  get isIdle(): boolean {
    return this.inFlight === undefined && this.waiting.length === 0;
  }

  add(operation: Operation, cause: Cause): void {
    // Mostly there is one: an array that was pushed to from empty has room for seventeen.
    if (this.waiting === NONE) {
      this.waiting = [operation];
      this.cause = cause;
      return;
    }
    this.waiting.push(operation);
    if (this.laterCauses === NONE) this.laterCauses = [cause];
    else this.laterCauses.push(cause);
  }

  /** The disk alone is at work until it has synced; an answer is for the process. */
  laneOf(transaction: Transaction<Operation, Answer>): Lane | undefined {
    if (this.inFlight !== transaction) return undefined;
    const { isWritten, answers } = transaction;
    if (!isWritten) return this.host.readLane;
    return answers === undefined ? this.host.syncLane : this.host.answerLane;
  }

  /** At the end of a turn: stages what waits, if nothing is in flight. */
  begin(now: Now): void {
    if (this.waiting.length === 0 || this.inFlight !== undefined || this.isDead) return;
    const operations = this.waiting;
    const { cause, laterCauses } = this;
    this.waiting = NONE;
    this.laterCauses = NONE;
    const isWritten = this.store.stage(operations, now);
    const transaction = new Transaction(this, cause!, laterCauses, isWritten);
    this.inFlight = transaction;
    this.host.push(transaction, isWritten ? "disk.sync" : undefined);
  }

  /** The process is gone, and with it everything here. */
  forget(): void {
    this.isDead = true;
    this.inFlight = undefined;
  }

  /** The next step of the transaction in flight. */
  proceed(transaction: Transaction<Operation, Answer>): void {
    if (this.inFlight !== transaction) return;
    const { host } = this;
    // A sync that was begun completes while the process is stopped; everything else waits for the process.
    const isDisk = transaction.isWritten && transaction.answers === undefined;
    if (host.isDeferring && !isDisk) host.defer(transaction);
    else if (transaction.answers === undefined) this.commit(transaction);
    else this.answer(transaction, transaction.answers);
  }

  private commit(transaction: Transaction<Operation, Answer>): void {
    const { host } = this;
    let answers: readonly Answer[];
    try {
      answers = this.store.commit();
    } catch (error) {
      host.caught(error);
      return;
    }
    transaction.answers = answers;
    host.committed(host.now());
    if (transaction.isWritten) host.push(transaction, "disk.answer");
    else this.answer(transaction, answers);
  }

  private answer(transaction: Transaction<Operation, Answer>, answers: readonly Answer[]): void {
    for (let i = 0; i < answers.length; i++) {
      // Killed by what the program made of the answer before, or of the commit.
      if (this.inFlight !== transaction) return;
      this.host.tell(answers[i]!, transaction.causeOf(i));
    }
    if (this.inFlight !== transaction) return;
    this.inFlight = undefined;
    try {
      this.begin(this.host.now());
    } catch (error) {
      this.host.caught(error);
    }
  }
}

class Transaction<Operation, Answer> implements Entry {
  /** Of the first operation: on whose behalf the disk is waited for. */
  readonly cause: Cause;
  /** Something was written: it needs a sync, which takes its time. */
  readonly isWritten: boolean;
  /** Set when it is committed. */
  answers: readonly Answer[] | undefined;
  private readonly group: GroupCommit<Operation, Answer>;
  private readonly laterCauses: readonly Cause[];

  constructor(group: GroupCommit<Operation, Answer>, cause: Cause, laterCauses: readonly Cause[], isWritten: boolean) {
    this.group = group;
    this.cause = cause;
    this.laterCauses = laterCauses;
    this.isWritten = isWritten;
  }

  /** An answer is handled on behalf of who asked. */
  causeOf(operation: number): Cause {
    return operation === 0 ? this.cause : (this.laterCauses[operation - 1] ?? this.cause);
  }

  get lane(): Lane | undefined {
    return this.group.laneOf(this);
  }

  fire(): void {
    this.group.proceed(this);
  }
}
