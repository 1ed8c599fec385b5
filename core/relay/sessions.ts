/**
 * All sessions of a relay: by connection, by (group, device) once live, and counted by address. At most one is live per
 * group and device: the newer one wins, and cleaning up after the older touches nothing of the newer (invariant 17).
 */
import { encodeHex } from "../bytes.ts";
import type { DeviceId } from "../ids.ts";
import type { ConnectionId } from "../machine.ts";
import type { Session } from "./session.ts";

export class Sessions {
  readonly #byConnection = new Map<ConnectionId, Session>();
  readonly #live = new Map<string, Map<string, Session>>();
  readonly #perAddress = new Map<string, number>();

  get size(): number {
    return this.#byConnection.size;
  }

  get groups(): number {
    return this.#live.size;
  }

  get addresses(): number {
    return this.#perAddress.size;
  }

  all(): IterableIterator<Session> {
    return this.#byConnection.values();
  }

  at(connection: ConnectionId): Session | undefined {
    return this.#byConnection.get(connection);
  }

  countAt(address: string): number {
    return this.#perAddress.get(address) ?? 0;
  }

  add(session: Session): void {
    this.#byConnection.set(session.connection, session);
    this.#perAddress.set(session.address, this.countAt(session.address) + 1);
  }

  /** Makes the session the live one of its device; answers the one that it replaces. */
  enliven(session: Session): Session | undefined {
    const { groupHex, deviceHex } = session.membership!;
    let members = this.#live.get(groupHex);
    if (members === undefined) {
      members = new Map();
      this.#live.set(groupHex, members);
    }
    const older = members.get(deviceHex);
    members.set(deviceHex, session);
    return older;
  }

  /** Live sessions of a group. */
  liveOf(groupHex: string): Iterable<Session> {
    return this.#live.get(groupHex)?.values() ?? [];
  }

  /** The live session of a device of a group. */
  liveAt(groupHex: string, device: DeviceId): Session | undefined {
    return this.#live.get(groupHex)?.get(encodeHex(device));
  }

  remove(session: Session): void {
    if (!this.#byConnection.delete(session.connection)) return;
    const left = this.countAt(session.address) - 1;
    if (left === 0) this.#perAddress.delete(session.address);
    else this.#perAddress.set(session.address, left);
    if (session.membership === undefined) return;
    const { groupHex, deviceHex } = session.membership;
    const members = this.#live.get(groupHex);
    if (members?.get(deviceHex) !== session) return;
    members.delete(deviceHex);
    if (members.size === 0) this.#live.delete(groupHex);
  }
}
