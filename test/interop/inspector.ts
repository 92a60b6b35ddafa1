/** The command line of the official Inspector, unmodified: a process for each request. */
import { execFile } from 'node:child_process';
import { isRecord, type Answer, type Listed, type Place, type Speaker } from '../e2e/speaker.fixture.ts';
import type { Era } from './governed.ts';
import { programOf } from './partners.ts';

const RUN_MS_MAX = 60_000;

/** @param home where it keeps what it keeps: none of it is the user's */
export function openInspector(era: Era, place: Place, home: string): Speaker {
  if (!('url' in place)) throw new Error('the Inspector is pointed at addresses only');
  const target = [
    '--cli',
    '--server-url',
    place.url,
    '--transport',
    'http',
    '--protocol-era',
    era,
    '--format',
    'json',
    '-q',
  ];
  const bearer = place.bearer === undefined ? [] : ['--header', `Authorization: Bearer ${place.bearer}`];
  const ask = (...request: string[]): Promise<Answer> => run([...target, ...bearer, ...request], home);
  return {
    revision: null,
    list: async () => (await ask('--method', 'tools/list'))['tools'] as readonly Listed[], // every tool has a name
    call: (name, args) => ask('--method', 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args)),
    close: () => Promise.resolve(),
  };
}

function run(args: readonly string[], home: string): Promise<Answer> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, MCP_INSPECTOR_SECRET_STORE: 'memory' };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [programOf('mcp-inspector'), ...args],
      { env, timeout: RUN_MS_MAX },
      (_error, stdout, stderr) => {
        // It ends with a status of its own for a result that is an error, and prints the result all the same.
        const printed: unknown = stdout.trim() === '' ? null : JSON.parse(stdout);
        const result = isRecord(printed) ? printed['result'] : undefined;
        if (isRecord(result)) resolve(result);
        else reject(new Error(stderr));
      },
    );
  });
}
