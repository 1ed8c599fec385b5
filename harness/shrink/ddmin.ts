/**
 * Delta debugging: the smallest part of a list on which something still holds, found by leaving out halves, then
 * quarters, then ever smaller pieces. The result is 1-minimal: no single element can be left out. `holds` is asked only
 * about lists in the order of the given one.
 */
export function ddmin<T>(items: readonly T[], holds: (kept: readonly T[]) => boolean): readonly T[] {
  let kept = items;
  if (kept.length > 0 && holds([])) return [];
  let pieces = 2;
  while (kept.length >= 2) {
    const size = Math.ceil(kept.length / pieces);
    let isSmaller = false;
    // From the end: what comes late more often depends on what came early than the other way round.
    for (let end = kept.length; end > 0; end -= size) {
      const without = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)];
      if (without.length > 0 && holds(without)) {
        kept = without;
        isSmaller = true;
      }
    }
    if (isSmaller) pieces = Math.max(2, Math.min(pieces, kept.length));
    else if (size === 1) break;
    else pieces = Math.min(kept.length, 2 * pieces);
  }
  return kept;
}
