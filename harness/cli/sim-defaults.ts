/** What `zerok sim` does when nobody says: apart, so that the help does not load the simulator. */

/** Of each scenario. */
export const SEEDS_DEFAULT = 100;
/** One seed in so many runs with the portable suite too. */
export const PORTABLE_EVERY_DEFAULT = 64;
