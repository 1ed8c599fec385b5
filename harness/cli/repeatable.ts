/**
 * Commands that take several words. The parser then makes a list of every option that comes twice, too: `givenOnce`
 * refuses that where only one value has a meaning.
 */

/** For `parserConfiguration`. */
export const REPEATABLE = {
  "duplicate-arguments-array": true,
  "boolean-negation": false,
  "dot-notation": false,
  "greedy-arrays": false,
} as const;

/** For `check`: the options that may come several times are named, and no other may. */
export function givenOnce(...repeatable: readonly string[]): (args: Record<string, unknown>) => true {
  return (args) => {
    for (const [name, value] of Object.entries(args)) {
      if (!Array.isArray(value) || name === "_" || name === "--" || repeatable.includes(name)) continue;
      throw new Error(`--${name} came ${value.length} times, and can come once`);
    }
    return true;
  };
}
