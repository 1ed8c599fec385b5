/** What hosts and groups are called in the plans of the catalogue. Devices of the main group are `a`, `b`, `c` … */

/** The one relay of most plans. */
export const RELAY = "relay";
/** The one that is preferred after it, where there are two. */
export const SPARE_RELAY = "spare";
/** The group that a scenario is about, and the one beside it. */
export const MAIN_GROUP = "main";
export const BESIDE_GROUP = "beside";
