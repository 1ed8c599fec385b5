/** Text of others for a terminal: what would move the cursor, change colours or hide other text is shown, not done. */
export function printableText(text: string): string {
  // Control characters are just what is looked for.
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    character === "\r" ? "" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The same in one line. */
export function printableLine(text: string): string {
  return printableText(text).replace(/[\n\t]+/g, " ");
}
