/** Something that reads what strangers send. */
export interface Target {
  readonly name: string;
  /** Valid inputs, from which the mutated ones are made. */
  readonly corpus: readonly Uint8Array[];
  /** Whether the input was taken or refused. Throws when something that must hold does not: a finding. */
  readonly run: (input: Uint8Array) => "taken" | "refused";
}

const encoder = new TextEncoder();
/** What a file or a terminal makes of bytes that are not UTF-8. */
const decoder = new TextDecoder();

export function bytesOfText(text: string): Uint8Array {
  return encoder.encode(text);
}

export function textOfBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
