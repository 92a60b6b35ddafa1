import type { StrictJsonLimits } from './limits.ts';
import { refusal, type StrictJsonCode, type StrictJsonRefusal } from './refusal.ts';

/** Where the parser stands. `refusal` is set once, by {@link refuseAt}. */
export type Cursor = {
  readonly text: string;
  readonly limits: StrictJsonLimits;
  readonly numbers: NumberMode;
  at: number;
  nodes: number;
  refusal: StrictJsonRefusal | undefined;
};

/** What to do with a finite number that a double cannot hold: refuse it, or keep the literal. */
export type NumberMode = 'refuse' | 'keep-literal';

/** Notes the refusal on the cursor and returns `undefined`, which every reader passes up. */
export function refuseAt(cursor: Cursor, code: StrictJsonCode, at: number): undefined {
  cursor.refusal = refusal(code, Buffer.byteLength(cursor.text.slice(0, at)));
}
