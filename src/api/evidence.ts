import { createRoute, z } from '@hono/zod-openapi';
import { EVIDENCE_KINDS, type EvidenceRecord } from '../core/evidence.ts';
import type { EvidenceFilter } from '../ports/evidence-log.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, pageOf, pageQuery, pageRequest, sent } from './route.ts';

const entrySchema = z
  .object({
    chain: z.string(),
    seq: z.number(),
    hash: z.string(),
    prev: z.string(),
    /** The exact text that was hashed. */
    text: z.string(),
    record: z.record(z.string(), z.unknown()),
  })
  .openapi('EvidenceEntry');

export function evidence(app: ApiApp, deps: ApiDeps): void {
  const listed = createRoute({
    method: 'get',
    path: '/v1/evidence',
    summary: 'Evidence records of any kind, newest first, with what is needed to verify them.',
    request: {
      query: z.strictObject({
        ...pageQuery,
        kind: z.enum(EVIDENCE_KINDS).optional(),
        of: z.string().max(100).optional(),
      }),
    },
    responses: answers(pageOf(entrySchema), 'A page of evidence.'),
  });
  app.openapi(listed, async (c) => {
    const { kind, of, ...page } = c.req.valid('query');
    const found = await deps.evidence.query(sent({ kind, of }) as EvidenceFilter, pageRequest(page)); // sent() leaves only what is there
    const items = found.items.map(({ chain, seq, hash, prev, text }) => {
      return { chain, seq, hash, prev, text, record: JSON.parse(text) as EvidenceRecord }; // our own bytes
    });
    return c.json({ items, next_cursor: found.next_cursor });
  });
}
