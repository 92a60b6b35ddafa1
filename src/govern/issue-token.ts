import { TASK_TOKEN_MS, type Credential } from '../core/credential.ts';
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
  task: Task,
  now: Instant,
): IssuedToken {
  const token_secret = deps.random.secret('mdt');
  const token: Credential = {
    id: deps.random.id('crd'),
    kind: 'task_token',
    hash: deps.hasher.sha256(token_secret),
    actor: task.agent,
    task: task.id,
    label: null,
    created_at: now,
    expires_at: instant(Math.min(now + TASK_TOKEN_MS, task.expires_at)),
    stepped_up_at: null,
    ended_at: null,
    ended_reason: null,
    version: 1,
  };
  return { token_secret, token };
}
