/** A position in the evidence of one writer, as the opaque `id:` of an event. */
export interface EventPosition {
  readonly chain: string;
  readonly seq: number;
}

export function writeCursor({ chain, seq }: EventPosition): string {
  return Buffer.from(`${seq}:${chain}`).toString('base64url');
}

/** Null for what is no cursor of ours. */
export function readCursor(text: string): EventPosition | null {
  if (text.length > CURSOR_CHARS_MAX || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const [, seq, chain] = /^(0|[1-9]\d{0,14}):(.+)$/s.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  return seq === undefined || chain === undefined ? null : { chain, seq: Number(seq) };
}

const CURSOR_CHARS_MAX = 512;
