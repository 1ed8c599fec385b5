/**
 * A store as a driver uses it: all operations of one turn of the loop go in together, one transaction, and the answers
 * are given when it is durable. What `core/relay/store.ts` and `core/client/store.ts` call a store is one of these.
 */
export interface TransactionStore<Operation, Answer> {
  /**
   * One transaction: an answer per operation, in their order. When it cannot be committed, nothing of it happened and
   * every answer is `failed`; it does not throw.
   */
  run(operations: readonly Operation[], wallMs: number): readonly Answer[];
  close(): void;
}
