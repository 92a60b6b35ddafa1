/** The sample server as a program: `node sample-stdio.suite.ts <folder> <modern|legacy>`. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLines } from './lines.ts';
import { openSampleSession, type Message, type SampleState } from './sample-server.suite.ts';

export const SAMPLE_PROGRAM = import.meta.filename;

if (process.argv[1] === SAMPLE_PROGRAM) {
  const [, , folder = '', era = 'legacy'] = process.argv;
  // Each process leaves a mark, so that the second one knows that it is the second; a probe that ends is one as well.
  mkdirSync(join(folder, 'sessions'), { recursive: true });
  const session = readdirSync(join(folder, 'sessions')).length + 1;
  mkdirSync(join(folder, 'sessions', String(process.pid)));
  const sample = openSampleSession({
    era: era === 'modern' ? 'modern' : 'legacy',
    session,
    state: () => stateIn(folder),
    emit: (text) => void process.stdout.write(`${text}\n`),
  });
  // Not node:readline, which also ends lines at U+2028 and U+2029; MCP ends them at LF alone.
  const lines = openLines(Number.MAX_SAFE_INTEGER, (bytes) => {
    const line = Buffer.from(bytes).toString('utf8');
    appendFileSync(join(folder, 'received'), `${line}\n`);
    sample.take(JSON.parse(line) as Message); // written by the code under test
  });
  process.stdin.on('data', (chunk: Buffer) => void lines.push(chunk));
}

function stateIn(folder: string): SampleState {
  const file = join(folder, 'state.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SampleState) : {}; // written by the test
}
