import type { ApprovalId } from '../core/ids.ts';
import { onlyReads } from '../core/tool.ts';
import type { Standing } from './preconditions.ts';

export const TRUSTED_READ_DEFINITION_AGE_MS = 2_000;

/**
 * How old, in ms, what the server offers may be when this call is compared with it. Only a trusted server's read may
 * run on what was listed a moment ago; whatever changes something, and whatever a person approved, is compared afresh.
 */
export function definitionAgeMsMax({ server, tool }: Standing, approval: ApprovalId | null): number {
  if (server.trust !== 'trusted' || approval !== null || tool === null || !onlyReads(tool.facts)) return 0;
  return TRUSTED_READ_DEFINITION_AGE_MS;
}
