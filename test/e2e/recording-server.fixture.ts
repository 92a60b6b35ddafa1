/**
 * An MCP server that keeps every byte it was sent: `node recording-server.fixture.ts <folder>`. Its tools: `look` only
 * reads, `put` and `drop` change things, `watch` only reads and tells its progress until it is stopped.
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers';

interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: unknown;
    readonly _meta?: { readonly progressToken?: unknown };
    readonly requestId?: unknown;
  };
}

const PROGRESS_EVERY_MS = 10;
const TOOLS = [
  { name: 'look', annotations: { readOnlyHint: true, destructiveHint: false } },
  { name: 'watch', annotations: { readOnlyHint: true, destructiveHint: false } },
  { name: 'put', annotations: { readOnlyHint: false, destructiveHint: true } },
  { name: 'drop', annotations: { readOnlyHint: false, destructiveHint: true } },
].map((tool) => ({ ...tool, description: `To ${tool.name}.`, inputSchema: { type: 'object' } }));

/** The lines that servers of this folder received, byte for byte, in order. */
export function receivedLines(folder: string): readonly Buffer[] {
  const files = readdirSync(folder).filter((name) => name.startsWith('received-'));
  return files.flatMap((name) => splitLines(readFileSync(join(folder, name))));
}

export interface ReceivedCall {
  /** The text of its `params` as it stood in the bytes, less the `_meta` that the gateway writes itself. */
  readonly params: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Each `tools/call` that came. @throws when the text around its params is not exactly the gateway's envelope */
export function receivedCalls(folder: string): readonly ReceivedCall[] {
  return receivedLines(folder).flatMap((raw) => {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
    const message = JSON.parse(text) as Message; // written by the gateway
    if (message.method !== 'tools/call') return [];
    const [, params] = ENVELOPE.exec(text) ?? [];
    if (params === undefined) throw new Error(`an envelope that is not the gateway's: ${text.slice(0, 200)}`);
    const own = params.replace(/^\{"_meta":\{[^{}]*\},/, '{').replace(/,"_meta":\{[^{}]*\}\}$/, '}');
    const args = (message.params?.arguments ?? {}) as ReceivedCall['arguments']; // an object, as the gateway checked
    return [{ params: own, name: message.params?.name ?? '', arguments: args }];
  });
}

const ENVELOPE = /^\{"jsonrpc":"2\.0","id":[^,]+,"method":"tools\/call","params":(\{[^]*\})\}$/;

function splitLines(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a, start); end !== -1; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

if (process.argv[1] === import.meta.filename) {
  const file = join(process.argv[2] ?? '.', `received-${process.pid}`);
  let rest = Buffer.alloc(0);
  process.stdin.on('data', (chunk: Buffer) => {
    appendFileSync(file, chunk);
    rest = Buffer.concat([rest, chunk]);
    const lines = splitLines(rest);
    rest = rest.subarray(lines.reduce((sum, line) => sum + line.length + 1, 0));
    for (const line of lines) take(JSON.parse(line.toString('utf8')) as Message); // written by the gateway
  });
}

function take({ id, method, params }: Message): void {
  if (id === undefined || method === undefined) return;
  switch (method) {
    case 'initialize':
      return answer(id, {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'recording', version: '1' },
      });
    case 'tools/list':
      return answer(id, { tools: TOOLS });
    case 'tools/call':
      if (params?.name === 'watch') return watch(params._meta?.progressToken);
      return answer(id, { content: [{ type: 'text', text: `done ${params?.name ?? ''}` }] });
    default:
      return say({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  }
}

/** Until whoever asked is gone, or this process. */
function watch(progressToken: unknown): void {
  let progress = 0;
  setInterval(() => {
    progress += 1;
    say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } });
  }, PROGRESS_EVERY_MS);
}

function answer(id: string | number, result: object): void {
  say({ jsonrpc: '2.0', id, result });
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
