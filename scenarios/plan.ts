/**
 * A plan: what happens in one run, as plain data. A scenario makes it from a seed; the simulator, local processes and
 * containers all run the same one; a shrinker takes things out of it. All times are whole milliseconds from the start
 * of the run; on a real backend one of them is one of the wall clock.
 */
import type { ClientConfig } from "../core/client/config.ts";
import type { RelayConfig } from "../core/relay/config.ts";
import type { MessageType } from "../core/wire/messages.ts";

export const PLAN_FORMAT = "zerok-plan/1";

export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  /** The catalogue id that made it. */
  readonly scenario: string;
  /** `0x…`, lower-case hex, at most 64 bits. Seeds every choice that the plan leaves open. */
  readonly seed: string;
  readonly topology: Topology;
  /** Ascending by time; ids are unique and survive the removal of other steps. */
  readonly steps: readonly Step[];
  /** Every fault is over, every host is up and every device is told to be online. */
  readonly healAtMs: number;
  /** After healing: the bound on convergence. */
  readonly bound: LivenessBound;
  /** How it is known that the trouble happened: all must hold, or the run is idle. */
  readonly trouble: readonly Evidence[];
  /** What this run must hold beyond what all must. */
  readonly demands?: readonly Demand[];
  /** The choices that are not calm; every other one is. Without it the seed makes them all. What a shrinker leaves. */
  readonly choices?: readonly PlanChoice[];
  /** In which order things come, where that is not left to time; only the simulator can do it. */
  readonly order?: Order;
  /** What the seed drew, in words, where that is not plain from the scenario. For people: no run depends on it. */
  readonly drawn?: readonly string[];
}

/** One labelled choice of a run (`sim/kernel/choices.ts`); only the simulator asks for them. */
export interface PlanChoice {
  readonly label: string;
  /** The key of the operation behind it: a step's id, or 2³¹ and a hash of the host's name. */
  readonly cause: number;
  /** The how-manieth of that label within that cause. */
  readonly ordinal: number;
  readonly bound: number;
  /** 1 … bound−1. */
  readonly value: number;
}

/**
 * An order of what is under way, in place of the one by time. From `fromMs` on time stands still, and whatever can come
 * next (a message, a disk, a command, a later step of this plan) may come next, until nothing is under way any more.
 */
export interface Order {
  readonly fromMs: number;
  /** Which of those that can come next, in the order of time, one pick after the other; 0 behind the last of them. */
  readonly picks: readonly number[];
}

export interface Topology {
  readonly relays: readonly RelaySpec[];
  readonly groups: readonly GroupSpec[];
  readonly devices: readonly DeviceSpec[];
  /** The standing condition of every link. */
  readonly link: LinkProfile;
}

/** One way, each direction. */
export interface LinkProfile {
  readonly name: string;
  readonly latencyMs: number;
  readonly jitterMs: number;
}

export interface RelaySpec {
  readonly name: string;
  readonly config: RelayConfig;
}

export interface GroupSpec {
  readonly name: string;
}

export interface DeviceSpec {
  readonly name: string;
  readonly group: string;
  /** Relays in order of preference. */
  readonly relays: readonly string[];
  readonly config: ClientConfig;
  /** Whether the application connects by itself at the start. */
  readonly online: boolean;
}

/** Simulated milliseconds and messages that a run may take to converge after it has healed. */
export interface LivenessBound {
  readonly withinMs: number;
  /** Frames that all devices together may send after healing. */
  readonly framesMax: number;
}

export type Step = OperationStep | FaultStep;

interface StepBase {
  readonly id: number;
  readonly atMs: number;
}

/** What a device's application does. */
export type OperationStep = StepBase &
  (
    | {
        readonly do: "push";
        readonly device: string;
        /** 16 random bytes in hex, unique in the plan; the payload begins with them (the canary). */
        readonly op: string;
        /** Of the payload: 0, or 16 and more. */
        readonly sizeBytes: number;
        /** Seconds; 0 = the device's default. */
        readonly ttlS: number;
      }
    | { readonly do: "pull"; readonly device: string }
    | { readonly do: "connect"; readonly device: string }
    | { readonly do: "disconnect"; readonly device: string }
  );

/**
 * A moment of the protocol that a fault can be bound to, so that a plan survives a change of timing. Counted from the
 * plan's zero. On real backends such a step is taken at its time, which is only about right.
 */
export type Moment =
  /** The host's nth message of this kind to that host is on its way. */
  | {
      readonly on: "sent";
      readonly host: string;
      readonly message: MessageType;
      readonly to: string;
      readonly nth: number;
    }
  /** The host's store has written its nth transaction (a power cut takes it away, or tears it), or has synced it. */
  | { readonly on: "stored"; readonly host: string; readonly stage: "written" | "synced"; readonly nth: number };

/** What the nemesis does. Each fault carries its own end, so that leaving one out leaves nothing behind. */
export type FaultStep = StepBase & {
  /** Then, and not at `atMs`: at the latest when everything heals, or it never came. */
  readonly when?: Moment;
} & (
    | {
        readonly do: "toxic";
        /** The link: one proxy stands between this dialler and this listener. */
        readonly dialler: string;
        readonly listener: string;
        /** `up` = from the dialler, `down` = to it. */
        readonly stream: "up" | "down" | "both";
        readonly toxic: ToxicSpec;
        readonly forMs: number;
      }
    | {
        readonly do: "partition";
        /** Nothing passes between a host of `left` and one of `right`; with `oneWay`, only from left to right. */
        readonly left: readonly string[];
        readonly right: readonly string[];
        readonly oneWay: boolean;
        readonly forMs: number;
      }
    /** The process dies at once (`kill`) or the whole machine loses power (`power`); it starts again after `downMs`. */
    | { readonly do: "crash"; readonly host: string; readonly how: "kill" | "power"; readonly downMs: number }
    /** Asked to stop (SIGTERM), started again after `downMs`. */
    | {
        readonly do: "restart";
        readonly host: string;
        readonly downMs: number;
        /** Of a relay: the quota per group that it comes back with. */
        readonly groupBytesMax?: number;
      }
    | { readonly do: "pause"; readonly host: string; readonly forMs: number }
    /** The disk is lost while the host is down. */
    | { readonly do: "wipe"; readonly host: string; readonly downMs: number }
    /** The disk is put back to what it held `agoMs` before. */
    | { readonly do: "rollback"; readonly host: string; readonly agoMs: number; readonly downMs: number }
    /** The wall clock: `step` jumps once, `skew` is taken back after `forMs`. */
    | {
        readonly do: "clock";
        readonly host: string;
        readonly how: "skew" | "step";
        readonly byMs: number;
        readonly forMs: number;
      }
    | { readonly do: "disk"; readonly host: string; readonly disk: DiskFault; readonly forMs: number }
    /** The nth message of this kind that comes to the host never reaches its machine. */
    | { readonly do: "withhold"; readonly host: string; readonly message: MessageType; readonly nth: number }
  );

export type Fault = FaultStep["do"];

/** Toxiproxy's vocabulary plus `loss`, `blocked` (100 % loss) and `tamper`. */
export type ToxicSpec =
  | { readonly type: "latency"; readonly latencyMs: number; readonly jitterMs: number }
  | { readonly type: "bandwidth"; readonly bytesPerS: number }
  | { readonly type: "slow_close"; readonly delayMs: number }
  | { readonly type: "timeout"; readonly timeoutMs: number }
  | { readonly type: "reset_peer"; readonly timeoutMs: number }
  | { readonly type: "slicer"; readonly averageBytes: number; readonly delayMs: number }
  | { readonly type: "limit_data"; readonly bytes: number }
  | { readonly type: "down" }
  /** `burst`: mean run of lost segments, 1 = independent (Gilbert–Elliott otherwise). */
  | { readonly type: "loss"; readonly permille: number; readonly burst: number }
  | { readonly type: "blocked" }
  /** Of each connection the first Noise message of this stream after `skip` others. */
  | {
      readonly type: "tamper";
      readonly how: "flip" | "truncate" | "duplicate" | "reorder" | "replay" | "inject";
      readonly skip: number;
    };

export type DiskFault =
  | { readonly type: "full" }
  | { readonly type: "slow"; readonly syncMs: number }
  | { readonly type: "write-error"; readonly permille: number }
  | { readonly type: "bit-rot"; readonly bits: number }
  /** Sync says yes and nothing is durable. */
  | { readonly type: "lost-fsync" };

/** One thing that must be seen in the history, or the trouble never came. */
export type Evidence =
  /** The fault of this step was seen to act. */
  | { readonly see: "observed"; readonly step: number }
  /** An operation of this kind was under way when the fault of this step was issued (of `device`, if named). */
  | { readonly see: "open"; readonly step: number; readonly f: "push" | "pull" | "connect"; readonly device?: string }
  /** Pushes of at least this many devices were under way at one moment. */
  | { readonly see: "overlap"; readonly devices: number }
  /** At least this many blobs were acknowledged while the device could not hear of them. */
  | { readonly see: "missed"; readonly device: string; readonly blobs: number }
  /** At least this many pushes were acknowledged. */
  | { readonly see: "acked"; readonly blobs: number }
  /** A device took in a blob that nobody had notified it of. */
  | { readonly see: "polled" }
  /** After the fault of this step, a device met a log in another epoch than before. */
  | { readonly see: "renewed"; readonly step: number }
  /** After the fault of this step, a cursor of a known epoch was given to another blob. */
  | { readonly see: "regrown"; readonly step: number }
  /** A push of this device was refused for now with this code, and acknowledged later. */
  | { readonly see: "refused"; readonly device: string; readonly code: number }
  /** The device was told of lost history, and took in what lies behind it. */
  | { readonly see: "told-lost"; readonly device: string }
  /** While the fault of this step was on, this relay was the first to acknowledge a blob. */
  | { readonly see: "landed"; readonly step: number; readonly relay: string }
  /** When the fault of this step was issued, this relay lacked a blob that another had acknowledged. */
  | { readonly see: "copy-owed"; readonly step: number; readonly relay: string }
  /** A blob was acknowledged by `relay`, and a second or more later by `than`. */
  | { readonly see: "sooner"; readonly relay: string; readonly than: string }
  /** The device told its application that it could reach none of its relays. */
  | { readonly see: "relays-failed"; readonly device: string }
  /** From the fault of this step on, a connection of the device ended, or never came about, for one of these reasons. */
  | { readonly see: "disconnected"; readonly step: number; readonly device: string; readonly whys: readonly string[] }
  /** A push of the device took so long, or longer, from its making to its acknowledgement. */
  | { readonly see: "waited"; readonly device: string; readonly ms: number }
  /** A push of the device definitely failed, and another was acknowledged after that. */
  | { readonly see: "failed"; readonly device: string }
  /** A push of one device was acknowledged while another waited for a page. */
  | { readonly see: "crossed"; readonly pusher: string; readonly puller: string }
  /** The device put a blob aside that it could not open. */
  | { readonly see: "quarantined"; readonly device: string };

/** What one scenario asks of its runs beside the standing checks. Times are of the plan's clock. */
export type Demand =
  /** Every push that these devices make in the span is acknowledged within so long. */
  | {
      readonly demand: "acked";
      readonly devices: readonly string[];
      readonly fromMs: number;
      readonly toMs: number;
      readonly withinMs: number;
    }
  /** Every blob of its group that is acknowledged in the span, to anyone, is delivered to the device within so long. */
  | {
      readonly demand: "heard";
      readonly device: string;
      readonly fromMs: number;
      readonly toMs: number;
      readonly withinMs: number;
    }
  /** After the fault of this step the device's connection ends within so long, for one of these reasons. */
  | {
      readonly demand: "noticed";
      readonly step: number;
      readonly device: string;
      readonly whys: readonly string[];
      readonly withinMs: number;
    }
  /** No connection of these devices ends in the span, except by the application's wish. */
  | { readonly demand: "kept"; readonly devices: readonly string[]; readonly fromMs: number; readonly toMs: number }
  /** Each of these devices is let in by a relay within so long after this time. */
  | { readonly demand: "back"; readonly devices: readonly string[]; readonly fromMs: number; readonly withinMs: number }
  /** In no window of this length after this time do all devices together dial more often than so. */
  | { readonly demand: "spread"; readonly fromMs: number; readonly windowMs: number; readonly dialsMax: number }
  /** No more pushes of these devices than so definitely fail. */
  | { readonly demand: "failed"; readonly devices: readonly string[]; readonly most: number }
  /** When everything is healed, the host holds no more of this than so. */
  | { readonly demand: "held"; readonly host: string; readonly what: string; readonly most: number }
  /** The device takes in no more blobs by pages than so many: what it had, it does not pull again. */
  | { readonly demand: "lean"; readonly device: string; readonly blobsMax: number };

export function isFault(step: Step): step is FaultStep {
  return step.do !== "push" && step.do !== "pull" && step.do !== "connect" && step.do !== "disconnect";
}
