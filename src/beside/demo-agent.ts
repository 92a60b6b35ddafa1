#!/usr/bin/env node
/**
 * A scripted agent: a plain MCP client that reads a file, looks at notes and writes a file, and that repeats a call it
 * was told to repeat. It knows an address and a bearer, and nothing of what stands behind them.
 *
 * Environment: MCP_URL, MCP_TOKEN. Prints one JSON line per answer: {tool, is_error, text, meta}; of a repeated call, the
 * first and the last.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const REPEAT_MS = 2000;
const REPEATS_MAX = 600;

const url = process.env['MCP_URL'];
const token = process.env['MCP_TOKEN'];
if (url === undefined || token === undefined) {
  process.stderr.write('demo-agent: MCP_URL and MCP_TOKEN must be set\n');
  process.exit(2);
}

const client = new Client({ name: 'demo-agent', version: '1.0.0' });
await client.connect(
  new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
);
// Models call what they remember, offered or not; so does this one.
await client.listTools();
const folders = (await call('files__list_allowed_directories', {})).text;
const folder = /^(\/\S.*)$/m.exec(folders)?.[1] ?? '/';
tell(await call('files__read_text_file', { path: `${folder}/spring-titles.md` }));
tell(await call('notes__read_graph', {}));
await callUntilDecided('files__write_file', {
  path: `${folder}/reading-list.md`,
  content:
    'Reading list for the shop window\n\n1. The Salt Road\n2. A House Above the Ice\n3. Letters to a Lighthouse\n',
});
await client.close();

interface Answer {
  readonly tool: string;
  readonly is_error: boolean;
  readonly text: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

async function call(tool: string, args: Record<string, unknown>): Promise<Answer> {
  const result = await client.callTool({ name: tool, arguments: args });
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  return { tool, is_error: result.isError === true, text, meta: result._meta ?? {} };
}

/** Does what the answer says: the same call again for as long as it is asked to, telling the first and the last answer. */
async function callUntilDecided(tool: string, args: Record<string, unknown>): Promise<void> {
  let answer = await call(tool, args);
  tell(answer);
  for (let repeats = 0; asksToRepeat(answer) && repeats < REPEATS_MAX; repeats += 1) {
    await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
    answer = await call(tool, args);
    if (!asksToRepeat(answer)) tell(answer);
  }
}

function asksToRepeat(answer: Answer): boolean {
  return answer.is_error && /again with the same arguments/.test(answer.text);
}

function tell(answer: Answer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
