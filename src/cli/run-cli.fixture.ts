import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The real program, as a user of their own home: what the CLI's tests stand on. */
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const RUN_MS_MAX = 60_000;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Runs one command line to its end. */
export async function cli(args: readonly string[], options: RunOptions): Promise<Ran> {
  const child = start(args, options);
  const output = collect(child);
  child.stdin?.end(options.stdin ?? '');
  const [status] = await new Promise<[number | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve([code]));
  });
  return { status, ...output() };
}

/** Starts a command that goes on; the test ends it. */
export function start(args: readonly string[], { home, env }: RunOptions): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, NODE_COMPILE_CACHE: COMPILE_CACHE, NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
  });
}

/** All runs share what is compiled. */
const COMPILE_CACHE = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'mandate-test-compiled');

function collect(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return () => ({ stdout, stderr });
}

/** Resolves with what `find` makes of the stdout so far, once it makes something of it. */
export function seen<T>(child: ChildProcess, find: (stdout: string) => T | null): Promise<T> {
  return new Promise((resolve, reject) => {
    const output = collect(child);
    child.stdout?.on('data', () => {
      const found = find(output().stdout);
      if (found !== null) resolve(found);
    });
    child.once('close', () => reject(new Error(`it ended: ${output().stdout}${output().stderr}`)));
  });
}

/** Its exit status, once it has ended. */
export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    else child.once('exit', (code) => resolve(code));
  });
}

/** A folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mandate-cli-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly bearer: string | null;
  readonly body: unknown;
}

export type Answer = {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly location?: string;
};

/** A server that answers as it is told, and keeps what it was asked. */
export async function scripted(
  t: TestContext,
  answer: (call: Call) => Answer,
): Promise<{ readonly url: string; readonly calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const bearer = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
      const call = { method: request.method ?? '', path: request.url ?? '', bearer, body };
      calls.push(call);
      const { status = 200, json, text, location } = answer(call);
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(location === undefined ? {} : { location }),
      });
      response.end(text ?? JSON.stringify(json ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return { url: `http://127.0.0.1:${address.port}`, calls };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text === '' ? null : JSON.parse(text);
}
