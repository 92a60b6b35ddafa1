/** What every client of the tests can do, whoever wrote it. */
export interface Speaker {
  /** The revision that was agreed on; null where the client does not say. */
  readonly revision: string | null;
  list(): Promise<readonly Listed[]>;
  /** @throws with `code` and `data` of the JSON-RPC error */
  call(name: string, args: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface CallOptions {
  /** Asks for progress, and hears it. */
  readonly onProgress?: (step: Progress) => void;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
}

export type Listed = Readonly<Record<string, unknown>> & { readonly name: string };

/** A tool's result, or what came instead of it: `content`, `structuredContent`, `isError`, `_meta`. */
export type Answer = Readonly<Record<string, unknown>>;

/** Where a client connects to: an address with a bearer, or a program. */
export type Place =
  | { readonly url: string; readonly bearer?: string }
  | { readonly command: string; readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> };

export interface Decided {
  readonly id: string;
  readonly effect: string;
  readonly reasons: readonly { readonly code: string; readonly policy: string | null; readonly message: string }[];
  readonly task: string | null;
  readonly approval?: { readonly id: string; readonly url: string };
}

/** What the gateway decided about the call that this answers. */
export function decidedOf(holder: unknown): Decided {
  const meta = isRecord(holder) ? (holder['_meta'] ?? holder) : {};
  const decided = isRecord(meta) ? meta['dev.mandate/decision'] : undefined;
  if (!isRecord(decided)) throw new Error(`no decision in ${JSON.stringify(holder)}`);
  return decided as unknown as Decided; // the gateway's own, checked by the tests that read it
}

/** The answer as the server gave it: without the decision, and without what a revision adds to every answer. */
export function withoutDecision(answer: Answer): Answer {
  const { _meta, resultType: _type, ...rest } = answer;
  const ADDED = ['dev.mandate/decision', 'io.modelcontextprotocol/serverInfo'];
  const left = Object.entries(isRecord(_meta) ? _meta : {}).filter(([key]) => !ADDED.includes(key));
  return left.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(left) };
}

export function textOf(answer: Answer): string {
  const parts = Array.isArray(answer['content']) ? (answer['content'] as readonly unknown[]) : [];
  return parts.map((part) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('\n');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
