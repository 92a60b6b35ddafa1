import { MandateError } from '../../core/errors.ts';
import type { PinnedTool } from '../../core/tool.ts';

/** By name in UTF-16 code units, which no database collation gives. */
export function byName(a: PinnedTool, b: PinnedTool): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** The most changes that one read answers; a follower reads again from the last one. */
const CHANGES_PER_READ_MAX = 1000;

/** @throws input.invalid when `limit` is not 1 to CHANGES_PER_READ_MAX */
export function checkedCount(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= CHANGES_PER_READ_MAX) return limit;
  throw new MandateError('input.invalid', `The limit must be 1 to ${CHANGES_PER_READ_MAX}.`, { at: '/limit' });
}

/** An id names one change: to commit it twice is a fault of the caller. */
export function committedBefore(id: string): MandateError {
  return new MandateError('internal', `The change ${id} was committed before.`);
}
