/** Links without a proxy: a dialler dials its listener, and nothing can be done to what passes. */
import { FaultError } from "../world/fault-error.ts";
import type { AppliedToxic, BackendHost, Links } from "../world/backend.ts";

export class DirectLinks implements Links {
  async open(_dialler: string, listener: BackendHost): Promise<string> {
    return listener.listen;
  }

  async apply(): Promise<AppliedToxic> {
    throw new FaultError("there is no proxy on this link");
  }

  async verify(): Promise<readonly string[]> {
    return [];
  }

  async dump(): Promise<string> {
    return "";
  }
}
