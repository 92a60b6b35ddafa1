import type { Action } from '../core/action.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { ActorId, TaskId } from '../core/ids.ts';
import type { Hasher } from '../ports/hasher.ts';

/** What an approval of an action is bound to: change any of it and the approval does not fit. */
export function approvalDigest(
  hasher: Hasher,
  bound: {
    readonly action: Action;
    readonly definition_digest: string;
    readonly agent: ActorId;
    readonly task: TaskId;
    readonly revision: number;
    /** Whose client it is, where a connection key says so: another person's client asks another question. */
    readonly client_of?: ActorId;
  },
): string {
  const { kind, server, tool, method, params } = bound.action;
  return hasher.sha256(
    canonicalJson({
      action: { kind, server, tool, method, params },
      definition_digest: bound.definition_digest,
      agent: bound.agent,
      task: bound.task,
      revision: bound.revision,
      ...(bound.client_of === undefined ? {} : { client_of: bound.client_of }),
    }),
  );
}
