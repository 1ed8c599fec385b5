/** The relay daemon in this process, on 127.0.0.1 and a folder of its own, that can be stopped and started again: for tests. */
import { mkdirSync } from "node:fs";
import { startRelay } from "../relay/daemon.ts";
import { createLog } from "../relay/log.ts";
import { defaultSettings, type RelaySettings } from "../relay/settings.ts";

export interface TestRelay {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** `port` 0: any. The same folder gives the same identity and data again. */
export async function startTestRelay(
  folder: string,
  port = 0,
  settings: Partial<RelaySettings> = {},
): Promise<TestRelay> {
  mkdirSync(folder, { recursive: true });
  const relay = await startRelay({
    settings: {
      ...defaultSettings(),
      "storage.data_dir": folder,
      "server.bind_address": `127.0.0.1:${port}`,
      "http.bind_address": "off",
      ...settings,
    },
    version: "test",
    log: createLog("silent"),
  });
  return {
    address: relay.address,
    port: relay.endpoint.port,
    stop: async () => void (await relay.close()),
  };
}
