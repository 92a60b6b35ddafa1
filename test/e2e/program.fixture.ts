/** The real program as a child of the test, in a home of its own: nothing here reaches past its command line. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** What `find` makes of the stdout so far, once it makes something of it. Rejects when the program ends first. */
  seen<T>(find: (stdout: string) => T | null, what: string): Promise<T>;
  /** Its exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

export interface Ran {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** The slowest of them waits for a server that hangs. */
const SEEN_MS_MAX = 30_000;
const RUN_MS_MAX = 20_000;

/** Starts `mandate ARGS`; it is killed when the test ends, if it still runs. */
export function startProgram(
  t: TestContext,
  args: readonly string[],
  { env = {}, stdin }: ProgramOptions = {},
): Program {
  const home = folder(t);
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, NODE_COMPILE_CACHE: COMPILE_CACHE, NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined); // it may end before it reads
  child.stdin.end(stdin ?? '');
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals); // one of the two is set
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await ended;
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    kill: (signal) => void child.kill(signal),
    seen: <T>(find: (stdout: string) => T | null, what: string) =>
      new Promise<T>((resolve, reject) => {
        const look = (): void => {
          const found = find(stdout);
          if (found === null) return;
          done();
          resolve(found);
        };
        const fail = (why: string): void => {
          done();
          reject(new Error(`${what}: ${why}\n${stdout}${stderr}`));
        };
        const onClose = (): void => fail('it ended first');
        const timer = setTimeout(() => fail(`not within ${SEEN_MS_MAX} ms`), SEEN_MS_MAX);
        const done = (): void => {
          clearTimeout(timer);
          child.stdout.off('data', look);
          child.off('close', onClose);
        };
        child.stdout.on('data', look);
        child.on('close', onClose);
        look();
      }),
  };
}

/** Runs `mandate ARGS` to its end. */
export async function runProgram(t: TestContext, args: readonly string[], options: ProgramOptions = {}): Promise<Ran> {
  const program = startProgram(t, args, options);
  // One that serves where it should refuse would keep the test waiting.
  const late = setTimeout(() => program.kill('SIGKILL'), RUN_MS_MAX);
  const status = await program.ended;
  clearTimeout(late);
  return { status, stdout: program.stdout(), stderr: program.stderr() };
}

/** All runs share what is compiled. */
const COMPILE_CACHE = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'mandate-test-compiled');

/** A folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mandate-e2e-'));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

export interface Serving {
  readonly program: Program;
  readonly url: string;
  readonly first_run_link: string | null;
  /** From its start to its first line. */
  readonly ready_ms: number;
  /** Ends it as an operator would. @returns its exit status */
  stop(): Promise<number | NodeJS.Signals>;
}

/** `mandate serve` on this data directory and a free port. */
export async function serving(
  t: TestContext,
  data: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Serving> {
  const started = performance.now();
  const program = startProgram(t, ['serve', '--data', data, '--port', '0', '--quiet', '--json', ...args], { env });
  const line = await program.seen((out) => (out.endsWith('}\n') ? out : null), 'the address');
  const ready_ms = performance.now() - started;
  const { url, first_run_link } = JSON.parse(line) as { url?: string; first_run_link: string | null }; // one of its two shapes
  if (url === undefined) throw new Error(`serve did not start: ${line}`);
  return {
    program,
    url,
    first_run_link,
    ready_ms,
    stop: () => {
      program.kill('SIGTERM');
      return program.ended;
    },
  };
}
