/** Marks of a relay, and of what both kinds of hosts keep on their simulated disks. */
import { type Mark, marksIn } from "./mark.ts";

export const relayMarks: readonly Mark[] = [
  ...marksIn("core/relay/answers.ts", {
    "relay.answer-to-nobody": "The store's answer comes after its session has ended.",
    "relay.full": {
      what: "The relay has no room for another group, or a group for another device.",
      unexpected: "no plan fills a relay with groups or devices",
    },
    "relay.notify.coalesced": "Several pushes of one batch are told of by one Notify.",
    "relay.epoch-renewed": "A claim shows that data was lost, and the group gets a new epoch.",
    "relay.epoch-renewed-for-others": "A session of the old epoch is sent away by another device's claim.",
    "relay.revoked-device": { what: "A revoked device is turned out.", unexpected: "plans have no revocations" },
    "relay.push.repeated": "A push that is known already gets its first answer again.",
    "relay.push.conflict": {
      what: "A known blob id comes with other bytes.",
      unexpected: "only a device that breaks the protocol does this",
    },
    "relay.quota": "A push does not fit into what a group, or all of them, may hold.",
    "relay.page.beyond": {
      what: "A Pull from beyond the end of the log.",
      unexpected: "only a device that breaks the protocol does this",
    },
    "relay.page.more": "A page did not reach the end of the log.",
    "relay.page.gone": "A page tells of cursors that are gone.",
    "relay.page.rotted": "A payload rotted on the disk, and the page tells it as gone.",
  }),
  ...marksIn("core/relay/connections.ts", {
    "relay.half-frame-dropped": {
      what: "Frames that came in part take too much memory: the oldest of them has to go.",
      unexpected: "no plan has so many long frames under way at once",
    },
    "relay.turn-away": "A connection is closed before anything is spent on it.",
    "relay.session-replaced": "A newer session of a device takes the place of an older one.",
    "relay.handshake-timeout": "A stranger took too long until its Welcome.",
    "relay.idle": "A session was silent for too long.",
    "relay.progress": "A long push is coming in slowly, and the relay tells the device that it is alive.",
  }),
  ...marksIn("core/relay/relay.ts", {
    "relay.shutdown": "The operator stops the relay.",
    "relay.handshake-failed": "Bytes that are no handshake, or not with this relay.",
    "relay.frame-refused": "Bytes of an established session that cannot be opened.",
    "relay.load-again": {
      what: "The relay could not read its own key and tries again.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "relay.store-failed": "The relay's store could not carry out a transaction.",
    "relay.swept": "A sweep removed blobs.",
  }),
  ...marksIn("core/relay/requests.ts", {
    "relay.stopping.refused": "A request comes while the relay is stopping.",
    "relay.batch-waits": "Pushes wait until the store has answered those before them.",
    "relay.out-of-phase": {
      what: "A message that may not come at this point, or from a device.",
      unexpected: "only a device that breaks the protocol does this",
    },
    "relay.busy": {
      what: "A device asks again for what it is still owed.",
      unexpected: "only a device that breaks the protocol does this",
    },
    "relay.rate-limited": "A device says more than its rate allows.",
    "relay.hello.version": { what: "A Hello of another version of the protocol.", unexpected: "there is one version" },
    "relay.hello.unauthorized": {
      what: "A Hello that is not signed by the group.",
      unexpected: "only a stranger to the group does this",
    },
    "relay.hello.first": "A Hello of a device that was never here.",
    "relay.claim-limited": { what: "An address claims invites too often.", unexpected: "plans have no invites" },
    "relay.push.too-large": "A payload that is larger than this relay takes.",
    "relay.ack.clamped": {
      what: "An Ack beyond what was served counts only as far as that.",
      unexpected: "only a device that breaks the protocol does this",
    },
  }),
  ...marksIn("sim/journal.ts", {
    "journal.torn-tail": "A power loss tore the last record, and it is cut off when the file is read.",
    "journal.unsure": {
      what: "What was read may not be durable yet, and could not be made so.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "journal.rolled-back": {
      what: "A transaction failed after some of it was written, and that is taken back.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
  }),
  ...marksIn("sim/relay-store.ts", {
    "store.group-lost": "A device claims a place in a group of which the relay knows nothing any more.",
    "store.group-vanished": {
      what: "A live session's group is no longer in the store.",
      unexpected: "no disk of a running relay loses a group",
    },
    "store.trimmed": "A sweep forgot rows at the log's beginning.",
  }),
];
