import { MandateError } from '../../core/errors.ts';
import { PAGE_ITEMS_MAX } from '../../ports/page.ts';

/** A position in the order of writing, as the previous page gave it. @throws input.invalid */
export function readCursor(cursor: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(cursor))
    throw new MandateError('input.invalid', 'The cursor is not one of this list.');
  return Number(cursor);
}

/** @throws input.invalid */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE_ITEMS_MAX) return limit;
  throw new MandateError('input.invalid', `A page has 1 to ${PAGE_ITEMS_MAX} items.`);
}
