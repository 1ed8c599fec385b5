/** `zerok init`: a new device, with a key of its own. */
import { encodeHex } from "../../core/bytes.ts";
import { KEY_BYTES } from "../../core/crypto/suite.ts";
import { createDevice, readDevice } from "../client/group-store.ts";
import { openDevice } from "../client/open-device.ts";
import { StorageError } from "../client/sync-error.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { createEntropy } from "../driver/entropy.ts";
import type { DeviceStore } from "../sqlite/device-store.ts";
import { UserError } from "../user-error.ts";
import { type ClientArguments, type ClientCall, say, sayJson } from "./client-call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

export interface InitArguments extends ClientArguments {
  readonly name: string;
}

const NAME_CHARACTERS_MAX = 100;

export async function runInitCommand(args: InitArguments, call: ClientCall): Promise<ExitCode> {
  const name = requireName(args.name);
  refuseSecond(call);
  const device = await openDevice(call.folder.path, "zerok init", 0);
  let deviceId: Uint8Array;
  try {
    deviceId = identityOf(device.store);
    if (!createDevice(device.folder, deviceId, name)) refuseSecond(call);
  } finally {
    device.store.close();
    device.release();
  }
  const id = encodeHex(deviceId);
  sayJson(call, { deviceId: id, name, folder: call.folder.path });
  say(
    call,
    call.isQuiet
      ? `${id}\n`
      : `${call.paint.green("Device ready:")} ${name}, ${id.slice(0, 16)}…, in ${call.folder.path}

Next, make a group:       ${call.next("pair --create --relay ADDRESS")}
or join one:              ${call.next("pair --join CODE")}
No relay yet? Start one:  npx zerok serve
`,
  );
  return EXIT.valid;
}

function refuseSecond(call: ClientCall): void {
  const known = readDevice(call.folder);
  if (known === undefined) return;
  throw new UserError(
    `There is a device in ${call.folder.path} already, "${known.deviceName}": \`${call.next("status")}\` shows it; for a second one name another folder with --data-dir.`,
  );
}

function requireName(typed: string): string {
  const name = typed.trim();
  const { length } = Array.from(name);
  if (length > 0 && length <= NAME_CHARACTERS_MAX && !/\p{Cc}/u.test(name)) return name;
  throw new UserError(`A device's name has 1 to ${NAME_CHARACTERS_MAX} printable characters, such as --name laptop.`);
}

/** The key is made once, in the database, so that it and the sequence numbers that it signs for cannot be parted. */
function identityOf(store: DeviceStore): Uint8Array {
  const fresh = new Uint8Array(KEY_BYTES);
  createEntropy().fill("identity", fresh);
  const [answer] = store.run([{ id: 1, type: "load", fresh, relay: "" }], Date.now());
  if (answer?.type !== "loaded")
    throw new StorageError("The device's database could not be written: is the disk full?");
  return createFastSuite().dhPublicKey(answer.identity);
}
