/** What may be typed for the reference client, and what its help says. `command-line.ts` puts it beside the other commands. */
import { givenOnce, REPEATABLE } from "./repeatable.ts";
import type { Argv } from "yargs";
import type { DeleteArguments } from "./delete-command.ts";
import type { DevicesArguments } from "./devices-command.ts";
import type { InitArguments } from "./init-command.ts";
import type { PairArguments } from "./pair-command.ts";
import type { PullArguments } from "./pull-command.ts";
import type { PushArguments } from "./push-command.ts";
import type { ServeArguments } from "./serve-command.ts";
import type { StatusArguments } from "./status-command.ts";
import type { SyncArguments } from "./sync-command.ts";

export type ClientChoice =
  | { readonly name: "init"; readonly args: InitArguments }
  | { readonly name: "pair"; readonly args: PairArguments }
  | { readonly name: "push"; readonly args: PushArguments }
  | { readonly name: "pull"; readonly args: PullArguments }
  | { readonly name: "sync"; readonly args: SyncArguments }
  | { readonly name: "status"; readonly args: StatusArguments }
  | { readonly name: "devices"; readonly args: DevicesArguments }
  | { readonly name: "delete"; readonly args: DeleteArguments }
  | { readonly name: "serve"; readonly args: ServeArguments };

export const CLIENT_COMMANDS = [
  "init",
  "pair",
  "push",
  "pull",
  "sync",
  "status",
  "devices",
  "delete",
  "serve",
] as const satisfies readonly ClientChoice["name"][];

const text = (describe: string) => ({ type: "string", requiresArg: true, describe }) as const;
const flag = (describe: string) => ({ type: "boolean", default: false, describe }) as const;
const wait = (describe: string) => ({ ...text(describe), default: "10s" }) as const;

const EPILOGUE = `The folder of a device is --data-dir, else ZEROK_DATA_DIR, else the system's place for data.
Exit codes: 0 done (a push that waits in the queue too), 1 the answer is no, 2 no relay answered, 3 this machine cannot do it, 64 usage, 70 internal.`;

type Globals = { readonly json: boolean; readonly quiet: boolean };
type Tell = (choice: ClientChoice) => void;

export function addClientCommands(parser: Argv<Globals>, tell: Tell): void {
  addDeviceCommands(parser, tell);
  addDataCommands(parser, tell);
  addGroupCommands(parser, tell);
  parser.command(
    "serve",
    "a relay for trying things, which forgets everything when it ends",
    (command) =>
      command
        .option("listen", { ...text("where devices connect; port 0 = any free one"), default: "127.0.0.1:0" })
        .example("$0 serve", "on this machine only; prints its address")
        .example("$0 serve --listen 0.0.0.0:4433", "for other machines too"),
    (args) => tell({ name: "serve", args }),
  );
}

function ofDevice<T>(command: Argv<T>) {
  return command.option("data-dir", text("the device's folder")).epilogue(EPILOGUE);
}

function addDeviceCommands(parser: Argv<Globals>, tell: Tell): void {
  parser
    .command(
      "init",
      "make this a device: its key, and an empty inbox",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 init --name NAME\n\nMakes this a device: a key of its own and an empty inbox. The next step is a group: zerok pair.",
          )
          .option("name", { ...text("how people know this device"), demandOption: true })
          .example("$0 init --name laptop", "a device in the usual folder")
          .example("$0 init --name second --data-dir /tmp/second", "a second one, for trying things"),
      (args) => tell({ name: "init", args: { ...args, dataDir: args.dataDir } }),
    )
    .command(
      "pair",
      "make a group, invite a device into it, or join one",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 pair --create --relay ADDRESS | --join CODE | --cancel\n\nOn the first device, --create makes a group and shows an invite: a QR code, its payload, and a short code that waits, encrypted, at the relay. On the other device, --join takes the payload or the short code. Invites are good for ten minutes; --create again makes one for the next device and withdraws the code before.",
          )
          .parserConfiguration(REPEATABLE)
          .check(givenOnce("relay"))
          .option("create", flag("make a group (or use this device's) and an invite: QR code, payload, short code"))
          .option("join", text("join by a payload or a short code; - reads it from standard input"))
          .option("cancel", flag("withdraw the short code that this device made last"))
          .option("relay", {
            type: "string",
            array: true,
            requiresArg: true,
            default: [],
            describe: "with --create: 0k://…@HOST:PORT, again for more, best first; with a short code: where it waits",
          })
          .option("passphrase-file", text("with --create: derive the group's secret from the passphrase in this file"))
          .example(
            "$0 pair --create --relay 0k://…@relay.example:4433",
            "on the first device; again for each further one",
          )
          .example("$0 pair --join 0k4:…", "on the other one, by the payload of the QR code")
          .example("$0 pair --join K7QM-2WXP-9R4T-HB3C --relay relay.example:4433", "or by the short code")
          .example(
            "ZEROK_PASSPHRASE=… $0 pair --create --relay …",
            "the secret from a passphrase; without the variable, a terminal asks for it",
          ),
      (args) =>
        tell({
          name: "pair",
          args: { ...args, dataDir: args.dataDir, join: args.join, passphraseFile: args.passphraseFile },
        }),
    )
    .command(
      "status",
      "device, group, relays and whether they answer, queue and inbox",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 status [options]\n\nWhere this device stands. Each relay is asked whether it answers, and what is new comes along.",
          )
          .option("offline", flag("ask no relay"))
          .example("$0 status --json", "for a program to read"),
      (args) => tell({ name: "status", args: { ...args, dataDir: args.dataDir } }),
    );
}

function addDataCommands(parser: Argv<Globals>, tell: Tell): void {
  parser
    .command(
      "push [text..]",
      "push text, a file or standard input to the group",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 push TEXT | --file PATH | -\n\nSeals it for the group, keeps it in the queue on this disk, and sends it. Without a relay it stays queued and goes out with the next command that reaches one.",
          )
          .parserConfiguration(REPEATABLE)
          .check(givenOnce("text"))
          .positional("text", {
            type: "string",
            array: true,
            default: [],
            describe: "the text; - reads standard input",
          })
          .option("file", text("push this file, with its name (up to about 1 MB)"))
          .option("stdin", { ...flag("what - means"), hidden: true })
          .option("ttl", text("how long relays keep it, such as 1h or 30d (default: as the relay likes)"))
          .option("wait", wait("how long to wait for the acknowledgement; after that it stays queued"))
          .example('$0 push "hello"', "text")
          .example("$0 push --file photo.jpg", "a file")
          .example("date | $0 push -", "standard input"),
      (args) =>
        tell({
          name: "push",
          // What stands behind `--` is text too.
          args: { ...args, text: wordsOf(args), dataDir: args.dataDir, file: args.file, ttl: args.ttl },
        }),
    )
    .command(
      "pull",
      "show what is new, each entry once",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 pull [options]\n\nAsks the relay until there is nothing more, and shows what has not been shown: [index] who, what.",
          )
          .option("watch", flag("go on showing what comes, until Ctrl-C; one JSON line each with --json"))
          .option("limit", text("at most so many entries"))
          .option("after", text("look back: everything after this index; 0 = from the beginning"))
          .option("out", text("write files into this folder"))
          .option("wait", wait("how long to wait for the relay to have given everything"))
          .example("$0 pull", "what is new")
          .example("$0 pull --watch --out downloads", "follow the group, keep its files")
          .example("$0 pull --after 0 --limit 20", "the first twenty again"),
      (args) =>
        tell({
          name: "pull",
          args: { ...args, dataDir: args.dataDir, limit: args.limit, after: args.after, out: args.out },
        }),
    )
    .command(
      "sync",
      "send what is queued, take what is new",
      (command) =>
        ofDevice(command)
          .usage("$0 sync [options]\n\nSends what is queued and takes what is new into the inbox, without showing it.")
          .option("wait", { ...wait("how long to wait for everything to be sent and taken"), default: "30s" })
          .example("$0 sync", "after some time without a connection"),
      (args) => tell({ name: "sync", args: { ...args, dataDir: args.dataDir } }),
    );
}

function addGroupCommands(parser: Argv<Globals>, tell: Tell): void {
  parser
    .command(
      "devices",
      "list the group's devices, or revoke one",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 devices [--revoke ID --reason WHY]\n\nWho is in the group, as the relay knows them. A revoked device is let in no more; it has the group's secret still, so this stops honest software only.",
          )
          .option("revoke", text("let this device in no more: its id, or how it begins"))
          .option("reason", text("lost, decommissioned or compromised (default lost)"))
          .example("$0 devices", "who is in the group")
          .example("$0 devices --revoke 1a2b3c4d --reason lost", "a phone that is gone"),
      (args) =>
        tell({ name: "devices", args: { ...args, dataDir: args.dataDir, revoke: args.revoke, reason: args.reason } }),
    )
    .command(
      "delete <blob>",
      "delete from the relay what this device pushed",
      (command) =>
        ofDevice(command)
          .usage(
            "$0 delete BLOB_ID\n\nThe relay drops what this device pushed, and tells devices that do not have it that it is gone.",
          )
          .positional("blob", { type: "string", demandOption: true, describe: "the blob id that push printed" })
          .example("$0 delete 0123456789abcdef0123456789abcdef", "devices that have it already keep it"),
      (args) => tell({ name: "delete", args: { ...args, dataDir: args.dataDir } }),
    );
}

function wordsOf(args: { readonly text: readonly string[]; readonly _: readonly (string | number)[] }): string[] {
  return [...args.text, ...args._.slice(1).map(String)];
}

const PUSH_OPTIONS_WITH_VALUE = ["--file", "--ttl", "--wait", "--data-dir"];

/** A lone `-` among the words of a push: the parser would drop it. */
export function nameStdin(argv: readonly string[]): string[] {
  if (argv[0] !== "push") return [...argv];
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const isValue = (at: number): boolean => PUSH_OPTIONS_WITH_VALUE.includes(argv[at - 1]!);
  return argv.map((word, at) => (word === "-" && at < end && !isValue(at) ? "--stdin" : word));
}
