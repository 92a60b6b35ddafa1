import { createRoute, z } from '@hono/zod-openapi';
import type { Caller } from '../core/caller.ts';
import { EFFECTS } from '../core/decision.ts';
import { MandateError } from '../core/errors.ts';
import type { DecisionRecord, OutcomeRecord } from '../core/evidence.ts';
import type { EvidenceEntry, EvidenceFilter } from '../ports/evidence-log.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, pageOf, pageQuery, pageRequest, recordIdOf, sent, slug } from './route.ts';

/** Records are written by govern alone; their shape is that of core/evidence.ts. */
const record = z.record(z.string(), z.unknown());
const receipt = z.object({ chain: z.string(), seq: z.number(), hash: z.string() });

export const decisionSchema = z
  .object({ decision: record, evidence: receipt, outcome: record.nullable() })
  .openapi('Decision', {
    description: 'The decision as recorded, where it stands in the evidence, and what became of it.',
  });

export interface DecisionBody {
  readonly decision: DecisionRecord;
  readonly evidence: { readonly chain: string; readonly seq: number; readonly hash: string };
  readonly outcome: OutcomeRecord | null;
}

/** The body of one decision; only allowed ones have an outcome to look for. */
export async function decisionBody(deps: Pick<ApiDeps, 'evidence'>, entry: EvidenceEntry): Promise<DecisionBody> {
  const { chain, seq, hash, text, projection } = entry;
  const decision = JSON.parse(text) as DecisionRecord; // our own record, of the kind that its projection says
  const outcome = projection.effect === 'allow' ? await outcomeOf(deps, projection.id) : null;
  return { decision, evidence: { chain, seq, hash }, outcome };
}

async function outcomeOf(deps: Pick<ApiDeps, 'evidence'>, decision: string): Promise<OutcomeRecord | null> {
  const { items } = await deps.evidence.query({ kind: 'outcome', of: decision }, { limit: 1, cursor: null });
  const [entry] = items;
  return entry === undefined ? null : (JSON.parse(entry.text) as OutcomeRecord); // our own record, asked for by kind
}

export function decisions(app: ApiApp, deps: ApiDeps): void {
  const listed = createRoute({
    method: 'get',
    path: '/v1/decisions',
    summary: 'Decisions, newest first.',
    request: {
      query: z.strictObject({
        ...pageQuery,
        task: recordIdOf('tsk').optional(),
        agent: slug.optional(),
        effect: z.enum(EFFECTS).optional(),
        since: z.iso.datetime().optional(),
      }),
    },
    responses: answers(pageOf(decisionSchema), 'A page of decisions.'),
  });
  app.openapi(listed, async (c) => {
    const { task, agent, effect, since, ...page } = c.req.valid('query');
    const filter = ownFilter(c.get('caller'), {
      kind: 'decision',
      ...sent({ task, actor: agent, effect, since }),
    } as EvidenceFilter); // sent() leaves only what is there
    const found = await deps.evidence.query(filter, pageRequest(page));
    const items = await Promise.all(found.items.map((entry) => decisionBody(deps, entry)));
    return c.json({ items, next_cursor: found.next_cursor });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/decisions/{id}',
    summary: 'One decision, with its evidence and its outcome.',
    request: { params: z.strictObject({ id: recordIdOf('dec') }) },
    responses: answers(decisionSchema, 'The decision.'),
  });
  app.openapi(read, async (c) => {
    const entry = await deps.evidence.get(c.req.valid('param').id);
    if (entry?.projection.kind !== 'decision' || !isOwn(c.get('caller'), entry)) throw new MandateError('not_found');
    return c.json(await decisionBody(deps, entry));
  });
}

/** What an agent asks for is narrowed to its own task; what it names beyond that finds nothing. */
function ownFilter(caller: Caller, asked: EvidenceFilter): EvidenceFilter {
  if (caller.kind !== 'agent') return asked;
  const foreign = (asked.task ?? caller.task) !== caller.task || (asked.actor ?? caller.agent) !== caller.agent;
  if (foreign || caller.task === null)
    throw new MandateError('auth.forbidden', 'An agent reads the decisions of its own task.');
  return { ...asked, task: caller.task, actor: caller.agent };
}

function isOwn(caller: Caller, { projection }: EvidenceEntry): boolean {
  return caller.kind !== 'agent' || (projection.task === caller.task && projection.actor === caller.agent);
}
