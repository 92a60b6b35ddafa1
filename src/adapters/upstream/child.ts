import { spawn } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MandateError } from '../../core/errors.ts';
import { REDACTED, redactText, SECRET_VALUE_CHARS_MIN } from '../../core/redaction.ts';
import type { Transport } from '../../core/server.ts';
import { openStop, raced } from './stop.ts';
import { requireAllowed, type AllowedCommand } from './allowed-command.ts';
import { childEnvironment, type InheritedEnvironment } from './child-environment.ts';
import { killMarked } from './kill-marked.ts';
import { homePrefix, newMarker } from './marker.ts';

export type StdioTransport = Extract<Transport, { type: 'stdio' }>;

/** A server process in a process group and a directory of its own. */
export interface Child {
  /** Resolves, and never rejects, when the process has exited; the sentence says how. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
  /** Whole lines only. */
  write(text: string): void;
  /** Bytes that the process has not yet read. */
  unread(): number;
  onData(take: (chunk: Uint8Array) => void): void;
  /** Resolves when its standard output has ended and all of it was taken. */
  readonly outputEnded: Promise<void>;
  /** Resolves when standard error has ended too. */
  readonly drained: Promise<void>;
  /** The end of what it wrote to standard error, without secrets; empty when nothing. */
  complaint(): string;
  /**
   * SIGTERM, then SIGKILL, to it and its process group, and on Linux SIGKILL to whatever else it started (see
   * {@link killMarked}); resolves when it is gone and its directory removed.
   */
  stop(): Promise<void>;
  /** Resolves when it was stopped, whoever asked for it. */
  readonly gone: Promise<void>;
}

export interface StartDeps {
  readonly scratch_dir: string;
  /** From `installationOf`: marks the processes and the folders of this Mandate. */
  readonly installation: string;
  /** Another account than our own for all server processes. Only root may give them one: else none is started. */
  readonly run_as?: Account;
  readonly inherited: InheritedEnvironment;
  readonly stop_grace_ms: number;
  /** The only commands that are started; absent: every one that an administrator registered. */
  readonly commands?: readonly AllowedCommand[];
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** @throws server.command when the command cannot be started */
export async function startChild(deps: StartDeps, transport: StdioTransport): Promise<Child> {
  if (deps.commands !== undefined) await requireAllowed(deps.commands, transport.command);
  if (deps.run_as !== undefined && process.getuid?.() !== 0)
    throw new MandateError('server.command', NOT_ROOT, { may_have_run: false });
  const home = await mkdtemp(join(deps.scratch_dir, homePrefix(deps.installation)));
  try {
    return await started(deps, transport, home);
  } catch (error) {
    await removeHome(home);
    throw new MandateError('server.command', whyNot(error), { cause: error, may_have_run: false });
  }
}

async function started(deps: StartDeps, { command, args, env }: StdioTransport, home: string): Promise<Child> {
  const { run_as } = deps;
  const marker = newMarker(deps.installation);
  if (run_as !== undefined) await chown(home, run_as.uid, run_as.gid);
  // `detached` makes it the leader of a process group, which is how all that it starts can be ended with it.
  const child = spawn(command, args, {
    cwd: home,
    env: childEnvironment(deps.inherited, { home, marker }, env),
    detached: true,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...run_as,
  });
  const { stdin, stdout, stderr } = child;
  const running = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  let exit: string | undefined;
  let errors = Buffer.alloc(0);
  let stopping: Promise<void> | undefined;
  const gone = Promise.withResolvers<void>();
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = signal === null ? `it exited with status ${code}` : `it was ended by ${signal}`;
      resolve(exit);
    });
  });
  // EPIPE and the like: the process is going, which `exited` tells; without a listener it would end ours.
  stdin.on('error', ignoreBroken);
  stdout.on('error', ignoreBroken);
  stderr.on('error', ignoreBroken);
  stderr.on('data', (chunk: Buffer) => {
    errors = Buffer.concat([errors, chunk]).subarray(-COMPLAINT_BYTES_MAX);
  });
  const outputEnded = new Promise<void>((resolve) => stdout.once('close', resolve));
  const errorEnded = new Promise<void>((resolve) => stderr.once('close', resolve));
  const drained = Promise.all([outputEnded, errorEnded]).then(() => undefined);
  const pid = await running;

  async function stop(): Promise<void> {
    stdin.destroy();
    signalGroup(pid, 'SIGTERM');
    const kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), deps.stop_grace_ms);
    const limit = openStop(deps.stop_grace_ms + KILLED_MS_MAX);
    await raced(exited, limit.signal).catch(() => undefined); // the kernel holds it; it stays counted until it is gone
    limit.dispose();
    clearTimeout(kill);
    signalGroup(pid, 'SIGKILL'); // what it started and left behind
    await killMarked(marker); // what left the group, too
    stdout.destroy();
    stderr.destroy();
    await removeHome(home);
  }

  return {
    exited,
    hasExited: () => exit !== undefined,
    write: (text) => void stdin.write(text),
    unread: () => stdin.writableLength,
    onData: (take) => void stdout.on('data', take),
    outputEnded,
    drained,
    complaint: () => cleaned(errors.toString('utf8'), env),
    stop() {
      stopping ??= stop().finally(gone.resolve);
      return stopping;
    },
    gone: gone.promise,
  };
}

const NOT_ROOT = 'The configuration names an account under upstream.run_as, which only a Mandate of root can use.';
const COMPLAINT_BYTES_MAX = 4 * 1024;
/** After SIGKILL only a process within an uninterruptible system call lives on. */
const KILLED_MS_MAX = 2_000;

/** Without what has the form of a secret, and without the values that the server was given: those are often secrets. */
function cleaned(complaint: string, env: Readonly<Record<string, string>>): string {
  let clean = complaint;
  for (const value of Object.values(env))
    if (value.length >= SECRET_VALUE_CHARS_MIN) clean = clean.replaceAll(value, REDACTED);
  return redactText(clean).trim();
}

function ignoreBroken(): void {
  // Reported through `exited`.
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the whole group is gone, which is what was wanted. EPERM is what macOS says of a group of zombies.
    if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error;
  }
}

async function removeHome(home: string): Promise<void> {
  // A process that was just killed may have left a file half made; a directory that stays is no reason to fail.
  await rm(home, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
}

function whyNot(error: unknown): string {
  if (hasCode(error, 'ENOENT'))
    return 'The server command was not found; give its full path, or a name that is on the PATH.';
  if (hasCode(error, 'EACCES')) return 'The server command is not an executable file, or may not be run.';
  return 'The server command cannot be started.';
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
