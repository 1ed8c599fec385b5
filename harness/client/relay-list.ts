/** The relays of a client: their addresses as typed, and the same by their ids, as the machine names them. */
import { encodeHex } from "../../core/bytes.ts";
import { encodeRelayAddress, parseRelayAddress, type RelayAddress } from "../../core/ids.ts";
import { TEXT_BYTES_MAX } from "../../core/limits.ts";
import { parseEndpoint } from "../driver/endpoint.ts";
import { InvalidOptionsError } from "./sync-error.ts";

export class RelayList {
  readonly addresses: readonly RelayAddress[];
  readonly #texts: ReadonlyMap<string, string>;

  constructor(addresses: readonly RelayAddress[]) {
    if (addresses.length === 0) throw new InvalidOptionsError("A client needs at least one relay address.");
    this.addresses = addresses;
    this.#texts = new Map(addresses.map((address) => [encodeHex(address.id), encodeRelayAddress(address)]));
    if (this.#texts.size < addresses.length) {
      throw new InvalidOptionsError("Two of the relay addresses have the same id: name each relay once.");
    }
  }

  /** `0k://…` of a relay's id in hex. */
  textOf(relay: string): string {
    return this.#texts.get(relay) ?? relay;
  }

  get texts(): readonly string[] {
    return [...this.#texts.values()];
  }
}

/** Throws an `InvalidOptionsError` that shows a right one. */
export function requireRelayAddress(text: string): RelayAddress {
  const address = parseRelayAddress(text.trim());
  const endpoint = address === undefined ? undefined : parseEndpoint(address.endpoint);
  const isShort = text.length <= TEXT_BYTES_MAX;
  if (isShort && address !== undefined && endpoint !== undefined && endpoint.port > 0) return address;
  throw new InvalidOptionsError(
    `"${text.length > 120 ? `${text.slice(0, 120)}…` : text}" is not a relay's address: that is 0k://<64 hex digits>@<host>:<port>, as the relay prints it when it starts.`,
  );
}
