import { callerName, type Caller } from '../core/caller.ts';
import { newCredential, TASK_TOKEN_MS, type Credential } from '../core/credential.ts';
import { instant, type Instant } from '../core/instant.ts';
import type { Task } from '../core/task.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Random } from '../ports/random.ts';

export interface IssuedToken {
  /** Shown once, to the caller; only its hash is kept. */
  readonly token_secret: string;
  readonly token: Credential;
}

/** A fresh token for this task, which ends in a quarter of an hour or with the task. */
export function issueToken(
  deps: { readonly random: Random; readonly hasher: Hasher },
  { task, caller }: { readonly task: Task; readonly caller: Caller },
  now: Instant,
): IssuedToken {
  const token_secret = deps.random.secret('mdt');
  const token = newCredential({
    id: deps.random.id('crd'),
    kind: 'task_token',
    hash: deps.hasher.sha256(token_secret),
    actor: task.agent,
    task: task.id,
    issued_by: callerName(caller),
    created_at: now,
    expires_at: instant(Math.min(now + TASK_TOKEN_MS, task.expires_at)),
  });
  return { token_secret, token };
}
