/** The real world: processes, containers, a live relay. The room is here, its backends are not built yet. */
export interface ChaosBackend {
  readonly name: "local" | "docker" | "live";
  readonly isBuilt: false;
}

export const chaosBackends: readonly ChaosBackend[] = [
  { name: "local", isBuilt: false },
  { name: "docker", isBuilt: false },
  { name: "live", isBuilt: false },
];
