import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { MARKER_VARIABLE } from './marker.ts';

/**
 * Ends with SIGKILL every process whose environment carries a marker that begins so, wherever it went: a process group
 * can be left, an inherited environment stays. Looks again until a look finds none, for at most about 2 s.
 *
 * Linux only, through `/proc`: elsewhere it does nothing, and only the process group is ended. A process that wiped its
 * environment or may not be looked at (a setuid program, another user's for a Mandate that is not root) is not found.
 * Who carries the marker was started by one of our servers or chose to be ended, so nobody else is asked who they are.
 */
export async function killMarked(marker: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const wanted = Buffer.from(`\0${MARKER_VARIABLE}=${marker}`);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if ((await killOnce(wanted)) === 0) return;
    await pause(ROUND_PAUSE_MS); // dying takes a moment, and what a process began just before is seen the next time
  }
}

const ROUNDS_MAX = 100;
const ROUND_PAUSE_MS = 20;
/** Our variable stands first, so that a server's own ones do not push it out of sight. */
const ENVIRONMENT_BYTES_MAX = 128 * 1024;
/** So that a machine with many processes does not hold up the calls: 64 take about 1 ms. */
const LOOKS_PER_TURN = 64;

async function killOnce(wanted: Buffer): Promise<number> {
  // The file has no NUL before its first variable; this one makes all variables alike.
  const read = Buffer.alloc(1 + ENVIRONMENT_BYTES_MAX);
  let found = 0;
  let looks = 0;
  for (const name of processes()) {
    looks += 1;
    if (looks % LOOKS_PER_TURN === 0) await nextTurn();
    const pid = Number(name);
    if (pid === process.pid) continue;
    // Looked at and killed without a turn in between: a process id could be another's by then.
    if (readEnvironment(pid, read).includes(wanted) && kill(pid)) found += 1;
  }
  return found;
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // not mounted: as on a system without it
  }
}

/** The environment behind a NUL; empty when it is gone or not ours to read. */
function readEnvironment(pid: number, into: Buffer): Buffer {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/environ`, 'r');
    let length = 1;
    // The kernel hands out a page at a time.
    for (;;) {
      const bytes = readSync(file, into, length, into.length - length, null);
      length += bytes;
      if (bytes === 0 || length === into.length) return into.subarray(0, length);
    }
  } catch {
    return into.subarray(0, 0);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // gone meanwhile, or not ours to end
  }
}
