import { MandateError } from '../../core/errors.ts';
import { PAGE_ITEMS_MAX, type Page, type PageRequest } from '../../ports/page.ts';

/** Where the next page starts: after this sort key. `at` is null where ids alone give the order. */
export interface Position {
  readonly at: number | null;
  readonly id: string;
}

/**
 * The position a page request continues after; null for the first page.
 * @param list the name of the list, so that a cursor of another one is not mistaken for one of this
 * @throws input.invalid for a limit out of range or a cursor that this list never answered
 */
export function startOf(list: string, page: PageRequest): Position | null {
  if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > PAGE_ITEMS_MAX) {
    throw new MandateError('input.invalid', `The limit must be 1 to ${PAGE_ITEMS_MAX}.`, { at: '/limit' });
  }
  if (page.cursor === null) return null;
  const [name, at, id, ...rest] = Buffer.from(page.cursor, 'base64url').toString('utf8').split('\n');
  const position = { at: at === '' || at === undefined ? null : Number(at), id: id ?? '' };
  // Only the one text that cursorAt() makes of a position is a cursor.
  if (name !== list || rest.length > 0 || cursorAt(list, position) !== page.cursor) throw unknownCursor();
  if (position.at !== null && !Number.isSafeInteger(position.at)) throw unknownCursor();
  return position;
}

/** Cuts `found`, which holds up to one item more than asked for, to a page. */
export function pageOf<T>(
  list: string,
  found: readonly T[],
  limit: number,
  positionOf: (item: T) => Position,
): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, next_cursor: more ? cursorAt(list, positionOf(last)) : null };
}

function cursorAt(list: string, position: Position): string {
  return Buffer.from(`${list}\n${position.at ?? ''}\n${position.id}`).toString('base64url');
}

function unknownCursor(): MandateError {
  return new MandateError('input.invalid', 'The cursor is not one that this list answered.', { at: '/cursor' });
}
