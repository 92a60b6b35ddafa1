import type { Write } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import { gatherEndings, type Endings } from './end-work.ts';
import { makeChange, type Control } from './make-change.ts';

/** One transaction each; a restore of many is many of them, and may be repeated from the start. */
export const RESTORED_WRITES_PER_CHANGE_MAX = 500;

const REASON = 'Restored from a backup.';

/**
 * Ends what a backup still holds as live, because the world went on since: every credential but passphrases, every
 * approval that could still be given or used, every open task. Each part is a change like every other, announced and
 * committed under one id. To be called before anything is served; repeating it ends what an interruption left, and
 * records the restore even when nothing was live.
 * @param details of the backup, for the record
 * @throws evidence.unavailable, store.unavailable, conflict.version
 */
export function endRestored(control: Control, details: JsonObject): Promise<ReturnType<Endings['counts']>> {
  return control.exclusively(async () => {
    const { snapshot, node } = control;
    const now = control.clock.now();
    const endings = gatherEndings(snapshot, now);
    for (const task of snapshot.openTasks()) endings.task(task, 'ended', REASON);
    for (const approval of snapshot.liveApprovals()) endings.approval(approval, 'void');
    for (const credential of snapshot.liveCredentials())
      if (credential.kind !== 'passphrase') endings.credential(credential, REASON);
    const writes = endings.writes();
    let from = 0;
    do {
      const part: readonly Write[] = writes.slice(from, from + RESTORED_WRITES_PER_CHANGE_MAX);
      from += RESTORED_WRITES_PER_CHANGE_MAX;
      await makeChange(control, {
        caller: { kind: 'mandate' },
        kind: 'restored',
        subject: { noun: 'node', id: node },
        reason: 'A backup was put in place; its tokens, sessions, approvals and tasks end.',
        details: { ...details, records_ended: part.length },
        writes: part,
        now,
      });
    } while (from < writes.length);
    return endings.counts();
  });
}
