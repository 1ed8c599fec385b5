/** Which backends of the real world there are. */
export interface ChaosBackend {
  readonly name: "local" | "docker" | "live";
  /** Whether a command can use it. */
  readonly isBuilt: false;
}

export const chaosBackends: readonly ChaosBackend[] = [
  { name: "local", isBuilt: false },
  { name: "docker", isBuilt: false },
  { name: "live", isBuilt: false },
];
