import type { Approval } from '../../core/approval.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { ActorId, TaskId } from '../../core/ids.ts';
import type { Instant } from '../../core/instant.ts';
import type { Hasher } from '../../ports/hasher.ts';

/** Longer than any that was ever given out. */
const STATE_CHARS_MAX = 1_024;

/**
 * What a modern client hands back with a call it repeats: the approval's id and a seal over the approval, the exact
 * call, the agent, the task and the end. It proves no right: the repeated call is decided from the top.
 */
export function sealState(
  hasher: Hasher,
  approval: Approval,
  caller: { readonly agent: ActorId; readonly task: TaskId },
): string {
  return `${approval.id}.${approval.expires_at}.${seal(hasher, approval, caller)}`;
}

/** True for a state that was given to this agent in this task for this approval, and is not past its end. */
export function isOwnState(
  hasher: Hasher,
  state: string,
  approvalOf: (id: string) => Approval | undefined,
  caller: { readonly agent: ActorId; readonly task: TaskId },
  now: Instant,
): boolean {
  if (state.length > STATE_CHARS_MAX) return false;
  const [id = ''] = state.split('.', 1);
  const approval = approvalOf(id);
  if (approval === undefined || now >= approval.expires_at) return false;
  return state === sealState(hasher, approval, caller);
}

function seal(hasher: Hasher, approval: Approval, caller: { readonly agent: ActorId; readonly task: TaskId }): string {
  const { id, digest, expires_at } = approval;
  return hasher.keyed(
    canonicalJson({ use: 'mcp request state', id, digest, expires_at, agent: caller.agent, task: caller.task }),
  );
}
