/** Marks of a device, and of the channel that both ends have. */
import { type Mark, marksIn } from "./mark.ts";

export const deviceMarks: readonly Mark[] = [
  ...marksIn("core/client/client.ts", {
    "client.early-command": {
      what: "The application asks before the store has told where the device stands.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "client.request.offline": {
      what: "A request to a relay fails because none is connected.",
      unexpected: "plans have no requests beside pushes and pulls",
    },
    "client.load-again": {
      what: "The store could not tell where the device stands and is asked again.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "client.push.gave-up": "A push's ttl is over and no relay has it.",
    "client.store-failed": "The device's store could not carry out a transaction.",
    "client.push.taken-back": {
      what: "A push could not be written down; its number is given up and the chain goes on without it.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "client.rebase-failed": {
      what: "The device could not write down that a relay is in a new epoch.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "client.answer-unstored":
      "An acknowledgement or a giving-up could not be written down; a restart repeats the push.",
  }),
  ...marksIn("core/client/connector.ts", {
    "client.left-while-connecting": "The application leaves, or a visit ends, before the Welcome.",
    "client.wrong-relay": {
      what: "Another key answered than the one that was pinned.",
      unexpected: "no plan puts another key behind an address",
    },
    "client.refused": "Nobody listens at the relay's address.",
    "client.connect-timeout": "Connecting took too long.",
    "client.keep-alive": "Nothing was heard for a while, and a Ping asks whether the relay is there.",
    "client.silent": "The Ping had no answer: a half-open connection is found.",
    "client.lost-in-handshake": "The connection broke in the handshake.",
    "client.lost-before-welcome": "The connection broke between Hello and Welcome.",
    "client.replaced": {
      what: "A newer session of the same device sent this one away.",
      unexpected: "no plan runs one device twice at a time",
    },
    "client.backoff-reset": "A long life made up for the attempts that failed before it.",
    "client.progress": "A long frame is coming in slowly, and the device tells the relay that it is alive.",
  }),
  ...marksIn("core/client/itinerary.ts", {
    "client.moved-back": "A more preferred relay is live again while another one is in use.",
    "client.short-lived": "A relay let the device in and failed it at once.",
    "client.other-under-way": "A relay failed while another is being connected already.",
    "client.no-failover": {
      what: "A session ended for a reason that lies with this device: no other relay is tried for it.",
      unexpected: "no id of the catalogue has this trouble at this moment; wild plans reach it",
    },
    "client.failover": "A relay failed and the next one is dialled.",
    "client.all-relays-failed": "All relays failed in one round.",
    "client.round-at-once": "All failed, and one of them long enough ago to be tried at once.",
    "client.visit-over": "A visit has nothing left to do and ends.",
    "client.prefer-again": "A more preferred relay is tried again.",
    "client.visit-owed": "A relay that is owed a copy is visited.",
    "client.visit": "A less preferred relay is visited because it is time.",
  }),
  ...marksIn("core/client/pusher.ts", {
    "client.refusal.unexpected": {
      what: "A refusal of a push that is not owed.",
      unexpected: "only a relay that breaks the protocol does this",
    },
    "client.push.requeued": "The session ended with pushes in flight: they are back in line.",
    "client.push.held": "A retryable refusal holds all pushes.",
    "client.copy.refused": {
      what: "One relay refuses a push for good; another may still take it.",
      unexpected: "no plan gives one relay a smaller limit than another",
    },
    "client.push.refused": "A push is refused for good and will be at no relay.",
    "client.copy.expired": "A copy that another relay has is no longer worth sending.",
  }),
  ...marksIn("core/client/relay-link.ts", {
    "client.unanswered": "A relay that is otherwise heard owes an answer for too long.",
    "client.revoked": { what: "The relay says that this device is revoked.", unexpected: "plans have no revocations" },
    "client.ack.unexpected": {
      what: "An acknowledgement of a push that is not owed.",
      unexpected: "only a relay that breaks the protocol does this",
    },
    "client.relay.dishonest": {
      what: "A relay contradicts what it proved before.",
      unexpected: "only a relay that breaks the protocol does this",
    },
    "client.cursor.gap": "An acknowledgement lies above cursors that the device has not seen.",
    "client.cursor.gap-refill": "Pages have filled the gap below an acknowledged cursor.",
    "client.page.unexpected": {
      what: "A page that nobody asked for.",
      unexpected: "only a relay that breaks the protocol does this",
    },
    "client.page.unhinted": "A poll found what no hint had told of.",
    "client.page.refused": {
      what: "A page with a hole or a wrong chain is refused whole.",
      unexpected: "only a relay that breaks the protocol does this",
    },
    "client.page.more": "A page that is not the last one.",
    "client.hint.while-taking": "A hint came while a page was being committed.",
    "client.answer.unexpected": {
      what: "An answer to a request that is not under way.",
      unexpected: "only a relay that breaks the protocol does this",
    },
    "client.pull.refused": "The relay asks the device to pull later.",
    "client.epoch-changed": "The relay is in a new epoch: the device starts over there.",
    "client.push.owed-anew": "In the new epoch rows are owed that had been acknowledged before.",
    "client.rebase-outrun": "The session ended, or the epoch changed again, while the store wrote down a new epoch.",
    "client.lost-history": "Cursors are gone at the relay and were never delivered here.",
    "client.page.of-old-epoch": {
      what: "A page was committed for an epoch that is over.",
      unexpected: "a store answers in order, and ours answer the page before the new epoch",
    },
    "client.page.after-session": "A page was committed after its session had ended: its Ack is not sent.",
    "client.page.take-failed": "A page could not be written down and is asked for again.",
    "client.pull.lost": "The session ended while a Pull was under way.",
  }),
  ...marksIn("core/client/sealer.ts", {
    "client.push.too-large": "A body is larger than any blob may be.",
    "client.push.invalid-ttl": {
      what: "A ttl that is no whole number of seconds within the bounds.",
      unexpected: "plans have valid times only",
    },
    "client.push.queue-full": {
      what: "The queue of what no relay has is full.",
      unexpected: "no plan pushes as much as fills a queue",
    },
    "client.quarantine": {
      what: "A blob that cannot be opened goes to quarantine.",
      unexpected: "only a member that seals wrongly does this",
    },
  }),
  ...marksIn("core/noise/channel.ts", {
    "channel.rekey": "A sending key is replaced after its share of messages.",
  }),
  ...marksIn("core/noise/frame-cutter.ts", {
    "channel.frame-in-pieces": "A frame spans more than one Noise message.",
  }),
  ...marksIn("sim/device-store.ts", {
    "inbox.duplicate": "A page brings what is in the inbox already, and it is dropped.",
    "inbox.quarantine-healed": {
      what: "A blob in quarantine is delivered, its right bytes having come.",
      unexpected: "only a member that seals wrongly makes a blob to be healed",
    },
  }),
];
