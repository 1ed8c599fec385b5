/**
 * The ceiling of what can go over a socket: sends every frame (u32 length ‖ body) back as it came. A program of its own,
 * as the relay is; prints its port and ends with its standard input.
 */
import { createServer, type AddressInfo } from "node:net";
import process from "node:process";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  let held: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let end = 0;
    while (held.length - end >= 4 && held.length - end >= 4 + held.readUInt32BE(end)) end += 4 + held.readUInt32BE(end);
    if (end > 0) socket.write(held.subarray(0, end));
    held = held.subarray(end);
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on("end", () => process.exit(0));
