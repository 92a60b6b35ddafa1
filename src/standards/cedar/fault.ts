/** Something wrong in a Cedar text. `start` is an offset in UTF-16 units into the text that was given. */
export interface CedarFault {
  readonly message: string;
  readonly start: number;
}

/** What cedar-wasm tells of an error; everything in it but the sentence may be missing. */
interface WasmError {
  readonly message: string;
  readonly help: string | null;
  readonly sourceLocations?: readonly { readonly label: string | null; readonly start: number }[];
}

/** One sentence and one place of an error of cedar-wasm, whose offsets count UTF-8 bytes. */
export function cedarFault(error: WasmError, text: string): CedarFault {
  const where = error.sourceLocations?.[0];
  const parts = [error.message.replace(/^failed to parse \w+ from string: /, ''), where?.label, error.help].filter(
    (part) => part !== null && part !== undefined && part !== '',
  );
  return { message: parts.join('; '), start: where === undefined ? 0 : utf16Offset(text, where.start) };
}

function utf16Offset(text: string, bytes: number): number {
  return Buffer.from(text, 'utf8').subarray(0, bytes).toString('utf8').length;
}
