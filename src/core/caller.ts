import type { Human } from './actor.ts';
import type { ActorId, CredentialId, TaskId } from './ids.ts';
import type { Instant } from './instant.ts';

/**
 * Who is asking, as proved by a credential and by nothing else. `operator` holds the admin token: it may set up
 * everything and approve nothing. `mandate` is this system itself, at start or on a timer.
 */
export type Caller =
  | { readonly kind: 'operator' }
  | { readonly kind: 'mandate' }
  | {
      readonly kind: 'human';
      readonly human: Human;
      readonly credential: CredentialId;
      /** When the second factor was last proved in this session; null when never. */
      readonly stepped_up_at: Instant | null;
    }
  | {
      readonly kind: 'agent';
      readonly agent: ActorId;
      readonly task: TaskId | null;
      readonly credential: CredentialId;
    };

/** How a record names the caller. */
export function callerName(caller: Caller): string {
  switch (caller.kind) {
    case 'operator':
      return 'operator';
    case 'mandate':
      return 'mandate';
    case 'human':
      return caller.human.id;
    case 'agent':
      return caller.agent;
  }
}
