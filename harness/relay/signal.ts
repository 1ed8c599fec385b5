/** Something that happens once, to be waited for. */
export interface Signal<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function createSignal<T>(): Signal<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Who does not wait for it is not hurt by it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
