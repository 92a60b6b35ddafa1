/** One page of a list, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null at the end. */
  readonly next_cursor: string | null;
}

export interface PageRequest {
  /** 1 to `PAGE_ITEMS_MAX`. */
  readonly limit: number;
  /** As answered before; an unknown one is `input.invalid`. */
  readonly cursor: string | null;
}

export const PAGE_ITEMS_MAX = 500;
export const PAGE_ITEMS_DEFAULT = 50;
