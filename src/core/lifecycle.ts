import type { ActorKind } from './actor.ts';

export const LIFECYCLE = ['discovered', 'registered', 'probationary', 'active', 'suspended', 'decommissioned'] as const;
export type Lifecycle = (typeof LIFECYCLE)[number];

/** What must be true before a move; the caller of the machine finds out, the machine only asks. */
export const NEEDS = ['reason', 'owners_accepted', 'security', 'promotion_approved', 'signed_in'] as const;
export type Need = (typeof NEEDS)[number];

/** What a move ends. Evidence never ends. */
export const ENDS = [
  'tasks',
  'task_tokens',
  'sessions',
  'approvals',
  'streams',
  'connection_keys',
  'entitlement',
] as const;
export type End = (typeof ENDS)[number];

export type Move =
  | { readonly possible: true; readonly needs: readonly Need[]; readonly ends: readonly End[] }
  | { readonly possible: false; readonly why: string };

/** The move of an actor of `kind` from one state to another: what it needs and what it ends, or why there is none. */
export function move(kind: ActorKind, from: Lifecycle, to: Lifecycle): Move {
  if (from === to) return impossible(`It is already ${to}.`);
  if (from === 'decommissioned') return impossible('A decommissioned actor never comes back; its id is never reused.');
  const row = MOVES[from]?.[to];
  if (row === undefined) return impossible(`There is no move from ${from} to ${to}.`);
  const needs = row[kind];
  if (needs === undefined) return impossible(`${aKind(kind)} does not move from ${from} to ${to}.`);
  return { possible: true, needs, ends: endsOf(to) };
}

/** Which states an actor may act in at all. */
export function mayAct(state: Lifecycle): boolean {
  return state === 'probationary' || state === 'active';
}

type Row = Readonly<Partial<Record<ActorKind, readonly Need[]>>>;

const everyKind = (...needs: readonly Need[]): Row => ({ human: needs, workload: needs, agent: needs });

/** A missing cell is an impossible move. Only agents pass through probation: only they choose their own tools. */
const MOVES: Readonly<Record<Lifecycle, Readonly<Partial<Record<Lifecycle, Row>>>>> = {
  discovered: {
    registered: everyKind('reason'),
    suspended: everyKind('reason'),
    decommissioned: everyKind('reason'),
  },
  registered: {
    probationary: { agent: ['owners_accepted', 'security'] },
    active: { human: ['signed_in'], workload: ['owners_accepted', 'security'] },
    suspended: everyKind('reason'),
    decommissioned: everyKind('reason'),
  },
  probationary: {
    active: { agent: ['owners_accepted', 'promotion_approved'] },
    suspended: { agent: ['reason'] },
    decommissioned: { agent: ['reason'] },
  },
  active: {
    probationary: { agent: ['reason'] },
    suspended: everyKind('reason'),
    decommissioned: everyKind('reason'),
  },
  suspended: {
    // An agent that was stopped starts again under supervision; people and workloads resume.
    probationary: { agent: ['reason', 'owners_accepted', 'security'] },
    active: { human: ['reason', 'security'], workload: ['reason', 'owners_accepted', 'security'] },
    decommissioned: everyKind('reason'),
  },
  decommissioned: {},
};

function endsOf(to: Lifecycle): readonly End[] {
  if (to === 'suspended') return ['tasks', 'task_tokens', 'sessions', 'approvals', 'streams'];
  if (to === 'decommissioned') return ENDS;
  return [];
}

function impossible(why: string): Move {
  return { possible: false, why };
}

function aKind(kind: ActorKind): string {
  return kind === 'agent' ? 'An agent' : `A ${kind}`;
}
