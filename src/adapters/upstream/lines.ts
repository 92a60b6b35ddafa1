/** Splits bytes into lines at LF, never holding more than one line. Takes nothing more after a refusal. */
export interface Lines {
  /** False when a line is longer than allowed. */
  push(chunk: Uint8Array): boolean;
}

export function openLines(line_bytes_max: number, onLine: (line: Uint8Array) => void): Lines {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let refused = false;

  function keep(piece: Uint8Array): boolean {
    bytes += piece.length;
    if (bytes > line_bytes_max) refused = true;
    else if (piece.length > 0) pieces.push(piece);
    return !refused;
  }

  return {
    push(chunk) {
      let start = 0;
      for (let at = chunk.indexOf(LF); at !== -1 && !refused; at = chunk.indexOf(LF, start)) {
        if (!keep(chunk.subarray(start, at))) break;
        const line = pieces.length === 1 ? (pieces[0] ?? EMPTY) : Buffer.concat(pieces, bytes);
        pieces = [];
        bytes = 0;
        start = at + 1;
        onLine(line.at(-1) === CR ? line.subarray(0, -1) : line);
      }
      if (!refused) keep(chunk.subarray(start));
      if (refused) pieces = [];
      return !refused;
    },
  };
}

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
