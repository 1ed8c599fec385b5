/**
 * What was special about a run, as short texts: the marks that one life of a process hit, and their pairs. What a bug
 * needs has to happen to one process that remembers it. A run with a text that no run before it had has been somewhere
 * new. Called by whoever guides.
 */
export function featuresOf(lives: readonly ReadonlySet<string>[]): readonly string[] {
  const features = new Set<string>();
  for (const life of lives) {
    const names = [...life].sort();
    names.forEach((name, i) => {
      features.add(name);
      for (let j = i + 1; j < names.length; j++) features.add(`${name} & ${names[j]!}`);
    });
  }
  return [...features];
}
