import type { Caller } from '../core/caller.ts';
import type { Write } from '../core/change.ts';
import { endCredential, isLive, type Credential } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import { plusMs, type Instant } from '../core/instant.ts';
import { mayAct } from '../core/lifecycle.ts';
import type { Task } from '../core/task.ts';
import type { Hasher } from '../ports/hasher.ts';
import { currentCaller } from './current-caller.ts';
import { issueToken, type IssuedToken } from './issue-token.ts';
import { makeChange, type Control } from './make-change.ts';
import { openTaskOf } from './open-task-of.ts';

/**
 * A new token for an open task; the old one ends soon after. For the agent that holds a live token of this very task, and for
 * whoever triggered the task.
 * @throws auth.forbidden, auth.invalid, not_found, task.closed, task.agent_state
 */
export function renewToken(
  deps: Control & { readonly hasher: Hasher },
  request: { readonly caller: Caller; readonly task: string },
): Promise<IssuedToken> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const task = openTaskOf(deps.snapshot, request.task, now);
    requireHolder(caller, task);
    const agent = deps.snapshot.agent(task.agent);
    if (agent === undefined || !mayAct(agent.lifecycle)) throw new MandateError('task.agent_state');
    const replaced = deps.snapshot
      .credentialsOf(task.agent)
      .filter((token) => token.kind === 'task_token' && token.task === task.id && isLive(token, now))
      .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
      .map(
        (token, age): Write => ({
          noun: 'credential',
          value: age < REPLACED_TOKENS_MAX ? outlived(token, now) : endCredential(token, 'Renewed.', now),
        }),
      );
    const issued = issueToken(deps, { task, caller }, now);
    await makeChange(deps, {
      caller,
      kind: 'renewed',
      subject: { noun: 'task', id: task.id },
      reason: null,
      details: { agent: task.agent, token_id: issued.token.id },
      writes: [...replaced, { noun: 'credential', value: issued.token }],
      now,
    });
    return issued;
  }, request.caller.kind);
}

/**
 * Longer than a call may take with the default `upstream.timeout_s`: what runs under the old token is not cut, which would leave its effect unknown, and an
 * answer that is lost on its way does not lose the task.
 */
export const REPLACED_TOKEN_MS = 2 * 60_000;
/** A token in its last minutes may still renew, but not pile up others. */
const REPLACED_TOKENS_MAX = 4;

function outlived(token: Credential, now: Instant): Credential {
  const end = plusMs(now, REPLACED_TOKEN_MS);
  const expires_at = token.expires_at === null || token.expires_at > end ? end : token.expires_at;
  return { ...token, expires_at, version: token.version + 1 };
}

function requireHolder(caller: Caller, task: Task): void {
  switch (caller.kind) {
    case 'operator':
    case 'mandate':
      return;
    case 'agent':
      if (caller.agent === task.agent && caller.task === task.id) return;
      break;
    case 'human':
      if (task.trigger.kind === 'human' && task.trigger.id === caller.human.id) return;
      break;
  }
  throw new MandateError('auth.forbidden', 'Only the agent of the task and whoever triggered it may renew its token.');
}
