/** What an application handed in, checked: each answers with the value or throws an `InvalidOptionsError` that says what fits. */
import { parseHex } from "../../core/bytes.ts";
import type { PushError } from "../../core/client/events.ts";
import type { DeviceStoreError } from "../../core/client/store.ts";
import { TTL_S_MAX } from "../../core/limits.ts";
import { Redacted } from "../../core/redacted.ts";
import { ARGON2_DEFAULT, type Argon2Parameters } from "../crypto/argon2id.ts";
import { deriveGroupSecret, describeGroupSecretError } from "../crypto/group-secret.ts";
import { InvalidOptionsError, QueueFullError, StorageError, type SyncError, TooLargeError } from "./sync-error.ts";

const SECRET_BYTES = 32;

/** A group's secret, or what it is derived from. */
export interface SecretOptions {
  readonly groupSecret?: Uint8Array | Redacted<Uint8Array>;
  readonly passphrase?: string;
  readonly salt?: Uint8Array;
  readonly argon2?: Argon2Parameters;
}

export async function requireGroupSecret(options: SecretOptions): Promise<Redacted<Uint8Array>> {
  const { groupSecret, passphrase, salt, argon2 = ARGON2_DEFAULT } = options;
  if ((groupSecret === undefined) === (passphrase === undefined)) {
    throw new InvalidOptionsError("A group needs either groupSecret, or passphrase and salt: one of the two.");
  }
  if (passphrase !== undefined) {
    if (salt === undefined) throw new InvalidOptionsError("A passphrase needs the group's salt: 16 bytes.");
    const derived = await deriveGroupSecret(new Redacted(passphrase), salt, argon2);
    if (!derived.ok) throw new InvalidOptionsError(describeGroupSecretError(derived.error));
    return derived.value;
  }
  const secret = groupSecret instanceof Redacted ? groupSecret : new Redacted(groupSecret!.slice());
  const { length } = secret.expose();
  if (length === SECRET_BYTES) return secret;
  throw new InvalidOptionsError(`A group secret has ${SECRET_BYTES} bytes, and this one has ${length}.`);
}

export function requireTtl(ttlS: number): number {
  if (Number.isInteger(ttlS) && ttlS >= 0 && ttlS <= TTL_S_MAX) return ttlS;
  throw new InvalidOptionsError(
    `A ttl is a whole number of seconds from 0 (the relay's own) to ${TTL_S_MAX} (a year).`,
  );
}

export function requireId(what: string, hex: string, bytes: number): Uint8Array {
  const id = parseHex(hex.trim());
  if (id?.length === bytes) return id;
  throw new InvalidOptionsError(`"${hex.slice(0, 80)}" is not a ${what}: that is ${2 * bytes} hex digits.`);
}

export function pushError(error: PushError, bytes: number): SyncError {
  switch (error.type) {
    case "TooLarge":
      return new TooLargeError(bytes, error.bytesMax);
    case "InvalidTtl":
      return new InvalidOptionsError(`A ttl is at most ${error.ttlSMax} seconds.`);
    case "QueueFull":
      return new QueueFullError(error);
    case "StorageFull":
    case "StorageFailed":
      return new StorageError(`Nothing was queued: ${describeStorage(error)}`);
  }
}

export function describeStorage(error: DeviceStoreError): string {
  return error.type === "StorageFull"
    ? "The disk is full, and the device's database cannot grow."
    : "The device's database could not be written.";
}
