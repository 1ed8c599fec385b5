/**
 * What a record is told to checkers as: its type; an operation, of which there are many of many kinds, as what is done
 * and whether it begins (`push`) or has ended in whatever way (`push-end`). So a checker is called for hardly any record
 * that it would leave at once, and finds the same fields in nearly all that it is called for.
 */
import type { HistoryRecord, OperationRecord } from "./history.ts";

type OperationTopic = OperationRecord["f"] | `${OperationRecord["f"]}-end`;

export type Topic = Exclude<HistoryRecord["type"], "op"> | OperationTopic;

export type RecordOn<T extends Topic> = T extends OperationTopic
  ? OperationRecord
  : Extract<HistoryRecord, { readonly type: T }>;
