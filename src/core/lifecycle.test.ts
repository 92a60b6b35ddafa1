import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActorKind } from './actor.ts';
import { ENDS, LIFECYCLE, mayAct, move, type Lifecycle } from './lifecycle.ts';

/**
 * Every move of every kind. A cell is what the move needs, by letters, or `-` where there is none:
 * r reason, o owners accepted, s security, p promotion approved, i signed in.
 */
const MOVES: Readonly<Record<ActorKind, readonly string[]>> = {
  human: [
    //                 discovered registered probationary active suspended decommissioned
    /* discovered     */ '-          r          -            -      r         r',
    /* registered     */ '-          -          -            i      r         r',
    /* probationary   */ '-          -          -            -      -         -',
    /* active         */ '-          -          -            -      r         r',
    /* suspended      */ '-          -          -            rs     -         r',
    /* decommissioned */ '-          -          -            -      -         -',
  ],
  workload: [
    /* discovered     */ '-          r          -            -      r         r',
    /* registered     */ '-          -          -            os     r         r',
    /* probationary   */ '-          -          -            -      -         -',
    /* active         */ '-          -          -            -      r         r',
    /* suspended      */ '-          -          -            ros    -         r',
    /* decommissioned */ '-          -          -            -      -         -',
  ],
  agent: [
    /* discovered     */ '-          r          -            -      r         r',
    /* registered     */ '-          -          os           -      r         r',
    /* probationary   */ '-          -          -            op     r         r',
    /* active         */ '-          -          r            -      r         r',
    /* suspended      */ '-          -          ros          -      -         r',
    /* decommissioned */ '-          -          -            -      -         -',
  ],
};

const LETTERS = { reason: 'r', owners_accepted: 'o', security: 's', promotion_approved: 'p', signed_in: 'i' } as const;
const ENDS_OF: Readonly<Partial<Record<Lifecycle, readonly string[]>>> = {
  suspended: ['tasks', 'task_tokens', 'sessions', 'approvals', 'streams'],
  decommissioned: ENDS,
};

for (const kind of ['human', 'workload', 'agent'] as const) {
  for (const [row, from] of LIFECYCLE.entries()) {
    const cells = (MOVES[kind][row] ?? '').split(/ +/);
    for (const [column, to] of LIFECYCLE.entries()) {
      const expected = cells[column] ?? 'no cell';
      test(`${kind}: ${from} -> ${to} ${expected === '-' ? 'is impossible' : `needs ${expected}`}`, () => {
        const found = move(kind, from, to);
        if (!found.possible) {
          assert.equal(expected, '-');
          assert.match(found.why, /^[A-Z].*\.$/);
          return;
        }
        assert.equal(found.needs.map((need) => LETTERS[need]).join(''), expected);
        assert.deepEqual(found.ends, ENDS_OF[to] ?? []);
      });
    }
  }
}

test('only the probationary and the active may act', () => {
  assert.deepEqual(LIFECYCLE.filter(mayAct), ['probationary', 'active']);
});
