/**
 * Where the embedded proxy and the real Toxiproxy (2.12.0) do not do the same, and why: what a probe of
 * `conformance-differences.ts` finds on each side. The conformance suite holds both columns, so that a line that is no
 * longer true fails.
 */
export type Side = "embedded" | "real";

interface Difference {
  readonly id: string;
  readonly embedded: string;
  readonly real: string;
  readonly why: string;
}

export const DIFFERENCES = [
  {
    id: "negative-latency",
    embedded: "400",
    real: "200",
    why: "A value that means nothing is an error of the plan and is said.",
  },
  {
    id: "toxicity-above-one",
    embedded: "400",
    real: "200",
    why: "A value that means nothing is an error of the plan and is said.",
  },
  {
    id: "negative-bandwidth",
    embedded: "400",
    real: "the server dies",
    why: "Toxiproxy #764: a slice with a negative bound.",
  },
  {
    id: "slicer-of-nothing",
    embedded: "400",
    real: "the server dies",
    why: "Toxiproxy #178, #541: an average size of 0 recurses for ever.",
  },
  {
    id: "slicer-varies-more-than-it-is",
    embedded: "400",
    real: "the server dies",
    why: "Toxiproxy #541: a piece that ends before it begins.",
  },
  {
    id: "whole-number-with-a-point",
    embedded: "200",
    real: "400",
    why: "JSON knows one kind of number: 1.0 and 1e3 are whole.",
  },
  {
    id: "text-behind-the-body",
    embedded: "400",
    real: "201",
    why: "Go's decoder stops after the first value; a body that goes on is a mistake of the client.",
  },
  {
    id: "unknown-route",
    embedded: "404 as JSON",
    real: "404 as text",
    why: "Every error of the embedded proxy is {error, status}.",
  },
  {
    id: "wrong-method",
    embedded: "405 as JSON",
    real: "405 as text",
    why: "Every error of the embedded proxy is {error, status}.",
  },
  {
    id: "browser",
    embedded: "403 as JSON",
    real: "403 as text",
    why: "Every error of the embedded proxy is {error, status}.",
  },
  {
    id: "fields-of-a-proxy",
    embedded: "name listen upstream enabled toxics",
    real: "name listen upstream enabled Logger toxics",
    why: "An object of Toxiproxy's own that it forgot to leave out; always {}.",
  },
  {
    id: "name-with-slash",
    embedded: "200",
    real: "404",
    why: "What can be created can be addressed, encoded as every URL.",
  },
  {
    id: "any-port",
    embedded: "below the system's range",
    real: "in the system's range",
    why: "A port of the system's range can be taken by an outgoing connection while the proxy is disabled.",
  },
  {
    id: "half-close",
    embedded: "the answer arrives",
    real: "the connection is closed",
    why: "Toxiproxy closes both directions when one ends; TCP does not.",
  },
  {
    id: "reset-of-one-side",
    embedded: "reset",
    real: "eof",
    why: "A proxy that turns a reset into an orderly end hides that a peer died.",
  },
  {
    id: "reset-peer-on-an-open-connection",
    embedded: "reset",
    real: "eof",
    why: "Toxiproxy can only reset connections that came after the toxic.",
  },
  {
    id: "reset-peer-without-toxicity",
    embedded: "eof",
    real: "reset",
    why: "Toxiproxy #603: a toxic that does not apply must do nothing.",
  },
  {
    id: "removing-a-reset-peer-that-waits",
    embedded: "answers at once",
    real: "answers when it is over",
    why: "The API of the embedded proxy waits for nothing; the connection is reset all the same.",
  },
  {
    id: "removing-a-timeout-without-toxicity",
    embedded: "the connection lives",
    real: "the connection is closed",
    why: "A toxic that does not apply must do nothing.",
  },
  {
    id: "removing-before-a-reader-that-does-not-read",
    embedded: "answers",
    real: "hangs",
    why: "Toxiproxy #558, #760: the change waits for the reader, and every other call with it.",
  },
  {
    id: "disabling-before-an-upstream-that-is-silent",
    embedded: "answers",
    real: "hangs",
    why: "Toxiproxy dials in its accept loop without a time-out: the change waits for the system's, minutes later.",
  },
  {
    id: "adding-behind-a-toxic-that-waits",
    embedded: "it waits on",
    real: "it goes at once",
    why: "Toxiproxy interrupts the toxic before the one that is added; its chunk loses its delay.",
  },
  {
    id: "toxicity-of-a-connection",
    embedded: "decided once",
    real: "decided anew",
    why: "Toxiproxy draws again at every change of the chain: no run could be repeated.",
  },
  {
    id: "seed",
    embedded: "the same connections",
    real: "other connections",
    why: "Toxiproxy #274, #610: its -seed is read and thrown away.",
  },
  {
    id: "toxics-of-ours",
    embedded: "200 200 200 200",
    real: "400 400 400 400",
    why: "blocked, loss, tamper and cut are not Toxiproxy's.",
  },
  {
    id: "routes-of-ours",
    embedded: "200 200",
    real: "404 404",
    why: "Toxiproxy does not tell what a toxic acted on.",
  },
] as const satisfies readonly Difference[];

export type DifferenceId = (typeof DIFFERENCES)[number]["id"];
