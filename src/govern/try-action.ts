import type { Effect } from '../core/decision.ts';
import { MandateError } from '../core/errors.ts';
import type { PolicyRef } from '../core/policy-set.ts';
import type { Reason } from '../core/reasons.ts';
import type { TaskMemory } from '../ports/task-memory.ts';
import { askPolicy, decide, grantOf, type BudgetRoom, type DecideDeps, type PolicyAnswer } from './decide.ts';
import type { Control } from './make-change.ts';
import type { AskedAction } from './preconditions.ts';

/** What a call would meet now. */
export interface DryDecision {
  readonly effect: Effect;
  readonly reasons: readonly Reason[];
  readonly determining: readonly string[];
  readonly policy: PolicyRef | null;
}

/** Decides as a call is decided, and does nothing: nothing is sent, spent, asked, used up, minted or recorded. */
export function tryAction(
  deps: DecideDeps & Pick<Control, 'clock'> & { readonly memory: TaskMemory },
  asked: AskedAction,
): DryDecision {
  const now = deps.clock.now();
  const budget = lookingAt(deps.memory);
  const next = decide(deps, asked, budget, now);
  switch (next.step) {
    case 'refused': {
      const policy = next.answer?.policy ?? deps.policy.current()?.ref ?? null;
      return { effect: 'deny', reasons: [next.why], determining: next.answer?.verdict.determining ?? [], policy };
    }
    case 'use': {
      const { standing, known } = next;
      return dry(askPolicy(deps, { asked, standing, approval: grantOf(known), spent: budget.spent(), now }));
    }
    case 'settled':
    case 'hold':
      return dry(next.answer);
  }
}

function dry({ verdict, policy }: PolicyAnswer): DryDecision {
  if (verdict.reasons.length === 0) throw new MandateError('internal', 'A verdict without a reason.');
  return { effect: verdict.effect, reasons: verdict.reasons, determining: verdict.determining, policy };
}

function lookingAt(memory: TaskMemory): BudgetRoom {
  let spent = { calls: 0 };
  return {
    take: ({ task }) => {
      spent = memory.spent(task.id);
      const { calls } = task.budget;
      return memory.has(task.id) && (calls === undefined || spent.calls < calls);
    },
    spent: () => spent,
  };
}
