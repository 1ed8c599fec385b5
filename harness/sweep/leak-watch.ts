/**
 * Finds what makes a run depend on more than its plan: while the run goes on, whatever code of ours asks this process for chance or
 * for time is noted, and gets its answer all the same. A run is synchronous, so that nobody else asks meanwhile. Called
 * by inspections only, which look into a run that did not repeat.
 */

export interface Leak {
  /** As one writes it, such as `Math.random`. */
  readonly what: string;
  /** Who asked: a file, from the root of the package, and its line. */
  readonly where: string;
  /** The event that was the last one then. */
  readonly event: number;
}

const LEAKS_MAX = 16;
const OWN_FILE = /(?:core|scenarios|sim|chaos|harness)\/[\w./-]+\.[jt]s:\d+/;

export function watchLeaks<T>(run: () => T, at: () => number): { readonly result: T; readonly leaks: readonly Leak[] } {
  const leaks: Leak[] = [];
  const note = (what: string): void => {
    const where = leaks.length < LEAKS_MAX ? whoAsked() : undefined;
    if (where !== undefined) leaks.push({ what, where, event: at() });
  };
  const restores = [
    watchMethod(Math, "random", "Math.random", note),
    watchMethod(Date, "now", "Date.now", note),
    watchMethod(performance, "now", "performance.now", note),
    watchMethod(crypto, "getRandomValues", "crypto.getRandomValues", note),
    watchMethod(crypto, "randomUUID", "crypto.randomUUID", note),
    watchNewDate(note),
  ];
  try {
    return { result: run(), leaks };
  } finally {
    for (const restore of restores.toReversed()) restore();
  }
}

type Note = (what: string) => void;

function watchMethod<K extends string>(
  owner: { [key in K]: (...args: never[]) => unknown },
  key: K,
  what: string,
  note: Note,
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  const method = owner[key];
  const watched = (...args: never[]): unknown => {
    note(what);
    return Reflect.apply(method, owner, args);
  };
  Object.defineProperty(owner, key, { value: watched, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  };
}

/** A date without arguments is the time of now. */
function watchNewDate(note: Note): () => void {
  const before = globalThis.Date;
  globalThis.Date = new Proxy(before, {
    construct(target, args: [], newTarget) {
      if (args.length === 0) note("new Date");
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  return () => void (globalThis.Date = before);
}

/** The caller, when it is code of ours: a library may ask for chance to blind what it computes, and be exact all the same. */
function whoAsked(): string | undefined {
  const lines = (new Error("who asks").stack ?? "").split("\n").slice(1);
  const caller = lines.find((line) => !/leak-watch\.[jt]s/.test(line)) ?? "";
  return caller.includes("node_modules") ? undefined : OWN_FILE.exec(caller.replaceAll("\\", "/"))?.[0];
}
