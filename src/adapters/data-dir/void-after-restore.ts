import { voidApproval } from '../../core/approval.ts';
import type { Write } from '../../core/change.ts';
import { endCredential } from '../../core/credential.ts';
import { MandateError } from '../../core/errors.ts';
import type { ChangeId } from '../../core/ids.ts';
import type { Instant } from '../../core/instant.ts';
import { endTask } from '../../core/task.ts';
import { PAGE_ITEMS_MAX, type Page, type PageRequest } from '../../ports/page.ts';
import type { Store } from '../../ports/store.ts';

export interface Voided {
  readonly credentials: number;
  readonly approvals: number;
  readonly tasks: number;
}

/** One transaction each; a restore of many is many of them, and may be repeated from the start. */
const WRITES_PER_CHANGE_MAX = 500;

/**
 * Ends what a backup still holds as live, because the world went on since: every credential but passphrases, every
 * approval that could still be given or used, every open task. The caller records the restore in the evidence first and
 * serves nothing before this resolves.
 * @param newChangeId one fresh id per call
 * @throws store.unavailable; conflict.version when something else writes meanwhile. Repeating it ends the rest
 */
export async function voidAfterRestore(
  store: Pick<Store, 'changes' | 'credentials' | 'approvals' | 'tasks'>,
  now: Instant,
  newChangeId: () => ChangeId,
): Promise<Voided> {
  const credentials = (await everyOne((page) => store.credentials.list({ ended: false }, page)))
    .filter(({ kind }) => kind !== 'passphrase')
    .map((value): Write => ({ noun: 'credential', value: endCredential(value, REASON, now) }));
  const approvals: Write[] = [];
  for (const state of ['pending', 'approved', 'confirmed'] as const) {
    const live = await everyOne((page) => store.approvals.list({ state }, page));
    approvals.push(...live.map((value): Write => ({ noun: 'approval', value: voidApproval(value, 'void') })));
  }
  const tasks = (await everyOne((page) => store.tasks.list({ state: 'open' }, page))).map(
    (value): Write => ({ noun: 'task', value: endTask(value, 'ended', REASON, now) }),
  );
  const writes = [...credentials, ...approvals, ...tasks];
  for (let from = 0; from < writes.length; from += WRITES_PER_CHANGE_MAX) {
    const change = {
      id: newChangeId(),
      at: now,
      kind: 'restored',
      by: 'mandate',
      writes: writes.slice(from, from + WRITES_PER_CHANGE_MAX),
    } as const;
    const result = await store.changes.commit(change);
    if (!result.committed)
      throw new MandateError('conflict.version', `Something else changed ${result.conflict.key} during the restore.`);
  }
  return { credentials: credentials.length, approvals: approvals.length, tasks: tasks.length };
}

const REASON = 'Restored from a backup.';

async function everyOne<T>(list: (page: PageRequest) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list({ limit: PAGE_ITEMS_MAX, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}
