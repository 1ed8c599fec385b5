/** The name that was probably meant: the one with the fewest letters to change, if that is few enough. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const asked = name.slice(0, 100);
  let best: string | undefined;
  let bestChanges = Math.max(2, Math.floor(asked.length / 3)) + 1;
  for (const one of names) {
    const changes = changesBetween(asked, one);
    if (changes < bestChanges) [best, bestChanges] = [one, changes];
  }
  return best;
}

/** Letters to add, remove or replace. */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (isSame ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
