import { approvalState } from '../core/approval.ts';
import type { ChangeKind, Write } from '../core/change.ts';
import { isLive } from '../core/credential.ts';
import type { Instant } from '../core/instant.ts';
import { isOpen } from '../core/task.ts';
import { gatherEndings, type Endings } from './end-work.ts';
import { makeChange, type Control } from './make-change.ts';

/** Things looked at in one turn: a revocation waits behind no more than this. */
export const EXPIRED_PER_TURN_MAX = 200;

/**
 * Writes down what is past its end. Expiry counts from the moment anyway; this frees what it holds and tells everyone.
 * At most EXPIRED_PER_TURN_MAX of each kind; the rest is found the next time.
 * @returns how many records ended, children and tokens included
 */
export async function expireDue(control: Control, { now }: { readonly now: Instant }): Promise<number> {
  const { snapshot } = control;
  let ended = 0;
  ended += await expireKind(control, 'task_closed', 'tasks', now, (endings) => {
    for (const task of firstOf(snapshot.openTasks(), (one) => !isOpen(one, now)))
      endings.task(task, 'expired', 'It is past its end.');
  });
  ended += await expireKind(control, 'approval_ended', 'approvals', now, (endings) => {
    for (const approval of firstOf(
      snapshot.liveApprovals(),
      (one) => one.state !== 'expired' && approvalState(one, now) === 'expired',
    )) {
      endings.approval(approval, 'expired');
    }
  });
  ended += await expireKind(control, 'revoked', 'credentials', now, (endings) => {
    for (const credential of firstOf(snapshot.liveCredentials(), (one) => !isLive(one, now)))
      endings.credential(credential, 'It is past its end.');
  });
  return ended;
}

function expireKind(
  control: Control,
  kind: ChangeKind,
  noun: 'tasks' | 'approvals' | 'credentials',
  now: Instant,
  gather: (endings: Endings) => void,
): Promise<number> {
  return control.exclusively(async () => {
    const endings = gatherEndings(control.snapshot, now);
    gather(endings);
    const writes = endings.writes();
    if (writes.length === 0) return 0;
    await makeChange(control, {
      caller: { kind: 'mandate' },
      kind,
      subject: { noun: 'node', id: control.node },
      reason: 'Past its end.',
      details: { about: noun, ids: writes.map(idOf) },
      writes,
      now,
    });
    return writes.length;
  });
}

function idOf(write: Write): string {
  return 'id' in write.value ? write.value.id : '';
}

function firstOf<T>(all: Iterable<T>, due: (one: T) => boolean): readonly T[] {
  const found: T[] = [];
  for (const one of all) {
    if (found.length === EXPIRED_PER_TURN_MAX) break;
    if (due(one)) found.push(one);
  }
  return found;
}
