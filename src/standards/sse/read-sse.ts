/** One event of a `text/event-stream` (WHATWG HTML §9.2.6). `data` is as received, lines joined by one LF. */
export interface SseEvent {
  /** `message` when the stream does not say. */
  readonly event: string;
  readonly data: Uint8Array;
  /** The id this event itself set; undefined when it set none. */
  readonly id: string | undefined;
}

export interface SseReader {
  /** Takes the next bytes; calls `onEvent` for each event they complete. */
  push(chunk: Uint8Array): SsePush;
}
export type SsePush = { readonly ok: true } | { readonly ok: false; readonly why: 'line_too_long' | 'event_too_large' };

/** Bytes; both inclusive. Bytes that make no event (comments, empty lines) are the caller's to count. */
export interface SseLimits {
  readonly line_bytes_max: number;
  readonly event_bytes_max: number;
}

/** Names and ids are short in any real stream; longer ones are cut to nothing rather than kept. */
const FIELD_CHARS_MAX = 1_024;

/**
 * Splits a stream into events without ever holding more than one of them. Data stays bytes, so that who reads it
 * decides what invalid UTF-8 means. After a refusal the reader takes nothing more.
 */
export function openSseReader(limits: SseLimits, onEvent: (event: SseEvent) => void): SseReader {
  let pieces: Uint8Array[] = []; // of the line that has not ended
  let lineBytes = 0;
  let afterCr = false;
  let first = true;
  let refused: SsePush | undefined;
  let data: Uint8Array[] = [];
  let dataBytes = 0;
  let event = '';
  let id: string | undefined;

  function push(chunk: Uint8Array): SsePush {
    if (refused !== undefined) return refused;
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== CR && byte !== LF) {
        afterCr = false;
        continue;
      }
      if (byte === LF && afterCr) {
        // The second half of CR LF; the line ended with the first.
        afterCr = false;
        start = at + 1;
        continue;
      }
      afterCr = byte === CR;
      if (!keep(chunk.subarray(start, at))) return refuse('line_too_long');
      start = at + 1;
      if (!endLine()) return refuse('event_too_large');
    }
    return keep(chunk.subarray(start)) ? OK : refuse('line_too_long');
  }

  function keep(piece: Uint8Array): boolean {
    if (piece.length === 0) return true;
    lineBytes += piece.length;
    if (lineBytes > limits.line_bytes_max) return false;
    pieces.push(piece);
    return true;
  }

  function endLine(): boolean {
    let line = pieces.length === 1 ? (pieces[0] ?? EMPTY) : Buffer.concat(pieces, lineBytes);
    pieces = [];
    lineBytes = 0;
    if (first && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3); // one byte order mark
    first = false;
    if (line.length === 0) return dispatch();
    const colon = line.indexOf(COLON);
    if (colon === 0) return true; // a comment
    const field = textOf(colon === -1 ? line : line.subarray(0, colon));
    let value = colon === -1 ? EMPTY : line.subarray(colon + 1);
    if (value[0] === SPACE) value = value.subarray(1);
    return take(field, value);
  }

  function take(field: string, value: Uint8Array): boolean {
    if (field === 'data') {
      data.push(value);
      dataBytes += value.length + 1;
      return dataBytes - 1 <= limits.event_bytes_max;
    }
    if (field === 'event') event = shortText(value);
    if (field === 'id' && !value.includes(0)) id = shortText(value);
    return true; // `retry` and unknown fields mean nothing to us
  }

  function dispatch(): boolean {
    if (data.length > 0) {
      const joined = data.length === 1 ? (data[0] ?? EMPTY) : joinLines(data, dataBytes - 1);
      onEvent({ event: event === '' ? 'message' : event, data: joined, id });
    }
    data = [];
    dataBytes = 0;
    event = '';
    id = undefined;
    return true;
  }

  function refuse(why: 'line_too_long' | 'event_too_large'): SsePush {
    refused = { ok: false, why };
    pieces = [];
    data = [];
    return refused;
  }

  return { push };
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const EMPTY = new Uint8Array(0);
const OK: SsePush = { ok: true };

function joinLines(lines: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const [index, line] of lines.entries()) {
    if (index > 0) {
      joined[at] = LF;
      at += 1;
    }
    joined.set(line, at);
    at += line.length;
  }
  return joined;
}

function shortText(value: Uint8Array): string {
  return value.length > FIELD_CHARS_MAX ? '' : textOf(value);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
