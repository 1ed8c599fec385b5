/** The small numbers that stand for names on the wire. A number is never given to another name. */
import type { GoneWhy, MessageType, RevokeReason } from "./messages.ts";

/** Element 0 of every message. */
export const TAGS: Readonly<Record<MessageType, number>> = {
  Hello: 1,
  Welcome: 2,
  Push: 3,
  PushAck: 4,
  Pull: 5,
  PullResponse: 6,
  Ack: 7,
  Notify: 8,
  Error: 9,
  Ping: 10,
  Pong: 11,
  Bye: 12,
  InvitePut: 13,
  InviteKept: 14,
  InviteClaim: 15,
  InviteGiven: 16,
  InviteCancel: 17,
  InviteCancelled: 18,
  Delete: 19,
  Deleted: 20,
  ListDevices: 21,
  Devices: 22,
  RevokeDevice: 23,
  DeviceRevoked: 24,
};

/** All names, in the order of their numbers. */
export const MESSAGE_TYPES = Object.keys(TAGS) as readonly MessageType[];

export const GONE_WHY_NUMBERS: Readonly<Record<GoneWhy, number>> = {
  expired: 1,
  acknowledged: 2,
  deleted: 3,
  rotted: 4,
};

export const REVOKE_REASON_NUMBERS: Readonly<Record<RevokeReason, number>> = {
  lost: 1,
  decommissioned: 2,
  compromised: 3,
};

const TYPES = invert(TAGS);
const GONE_WHYS = invert(GONE_WHY_NUMBERS);
const REVOKE_REASONS = invert(REVOKE_REASON_NUMBERS);

/** What there is for each message, by its tag: a number is found faster than a name. */
export function arrangeByTag<T>(each: Readonly<Record<MessageType, T>>): readonly (T | undefined)[] {
  return TYPES.map((type) => (type === undefined ? undefined : each[type]));
}

/** `undefined` for a number that stands for no message. */
export function messageTypeOf(tag: number): MessageType | undefined {
  return TYPES[tag];
}

/** `undefined` for a number that stands for no reason. */
export function goneWhyOf(number: number): GoneWhy | undefined {
  return GONE_WHYS[number];
}

/** `undefined` for a number that stands for no reason. */
export function revokeReasonOf(number: number): RevokeReason | undefined {
  return REVOKE_REASONS[number];
}

/** An array rather than a map: looked up once per message. */
function invert<Name extends string>(numbers: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names: (Name | undefined)[] = Array.from({ length: 32 }, () => undefined);
  for (const name of Object.keys(numbers) as Name[]) names[numbers[name]] = name;
  return names;
}
