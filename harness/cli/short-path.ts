import { relative } from "node:path";
import process from "node:process";

/** From where the person is, unless that leads up and out of there. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
