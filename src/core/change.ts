import type { Actor } from './actor.ts';
import type { Approval } from './approval.ts';
import type { Credential } from './credential.ts';
import type { ChangeId } from './ids.ts';
import type { Instant } from './instant.ts';
import type { PolicySet } from './policy-set.ts';
import type { Server } from './server.ts';
import type { Task } from './task.ts';
import type { PinnedTool } from './tool.ts';

/** What kinds of change of authority there are; each stands in the evidence before it takes effect. */
export const CHANGE_KINDS = [
  'registered',
  'accepted',
  'granted',
  'transitioned',
  'task_opened',
  'task_revised',
  'task_closed',
  'published',
  'approval_asked',
  'approved',
  'confirmed',
  'refused',
  'approval_used',
  'approval_ended',
  'endorsed',
  'revoked',
  'issued',
  'renewed',
  'signed_in',
  'stepped_up',
  'server_asked',
  'server_registered',
  'server_removed',
  'tools_seen',
  'tool_confirmed',
  'restored',
  'broke_glass',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One record to write; its `version` is one more than the stored one (1 where there is none). */
export type Write =
  | { readonly noun: 'actor'; readonly value: Actor }
  | { readonly noun: 'server'; readonly value: Server }
  | { readonly noun: 'tool'; readonly value: PinnedTool }
  | { readonly noun: 'task'; readonly value: Task }
  | { readonly noun: 'approval'; readonly value: Approval }
  | { readonly noun: 'credential'; readonly value: Credential }
  | { readonly noun: 'policy_set'; readonly value: PolicySet };
export type Noun = Write['noun'];

/** All that changes together, or not at all. */
export interface Change {
  readonly id: ChangeId;
  readonly at: Instant;
  readonly kind: ChangeKind;
  /** Who did it, as callerName() prints it. */
  readonly by: string;
  readonly writes: readonly Write[];
}

/** The key of a write within its noun: what `version` counts for. */
export function writeKey(write: Write): string {
  switch (write.noun) {
    case 'tool':
      return `${write.value.server}/${write.value.name}`;
    case 'policy_set':
      return String(write.value.serial);
    case 'actor':
    case 'server':
    case 'task':
    case 'approval':
    case 'credential':
      return write.value.id;
  }
}
