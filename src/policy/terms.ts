import { ROLES, type Role } from '../core/actor.ts';
import { APPROVAL_MS, QUORUM_MAX } from '../core/approval.ts';
import { OWNER_ROLES, type OwnerRole } from '../core/ownership.ts';
import { REASONS, type ReasonCode } from '../core/reasons.ts';
import { TASK_MS_MAX } from '../core/task.ts';
import type { Ask } from './engine.ts';

/** What the annotations of a policy say about its answer. */
export interface PolicyTerms {
  readonly code: ReasonCode;
  /** Its own sentence, else the sentence of the code. */
  readonly message: string;
  /** Set when the policy holds rather than denies. */
  readonly ask: Ask | null;
}

export const MESSAGE_CHARS_MAX = 500;
const POLICY_ID = /^[a-z][a-z0-9-]{0,63}$/;

const FOR_ALL = ['id', 'description', 'set_by', 'approved_by', 'review_by'];
const FOR_FORBIDS = [...FOR_ALL, 'advice', 'reason', 'message'];
const FOR_HOLDS = [...FOR_FORBIDS, 'approvers', 'roles', 'quorum', 'ttl'];

/** Codes that a policy cannot give: the engine or the gateway says these. */
const NOT_A_POLICYS: ReadonlySet<string> = new Set([
  'policy.permitted',
  'policy.no_permit',
  'policy.error',
  'policy.unavailable',
  'approval.used',
  'approval.denied',
  'approval.flood',
  'evidence.unavailable',
  'revoked.meanwhile',
  'internal.fault',
]);

/** Reads a policy's annotations; `problems` has one sentence for each that is unknown, misplaced or has an unknown value. */
export function readTerms(
  effect: 'permit' | 'forbid',
  annotations: Readonly<Record<string, string>>,
): { readonly terms: PolicyTerms; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const holds = effect === 'forbid' && annotations['advice'] !== undefined;
  const known = effect === 'permit' ? FOR_ALL : holds ? FOR_HOLDS : FOR_FORBIDS;
  for (const name of Object.keys(annotations)) {
    if (known.includes(name)) continue;
    const where = FOR_HOLDS.includes(name)
      ? FOR_FORBIDS.includes(name)
        ? 'has a meaning only on a forbid'
        : 'has a meaning only beside @advice("approval") on a forbid'
      : `is unknown; known here: ${known.map((one) => `@${one}`).join(', ')}`;
    problems.push(`@${name} ${where}.`);
  }
  const id = annotations['id'];
  if (id === undefined) problems.push('Every policy needs an @id, for example @id("no-deletes").');
  else if (!POLICY_ID.test(id))
    problems.push(
      `@id("${id.slice(0, 80)}") must be lower-case letters, digits and hyphens, at most 64, starting with a letter.`,
    );
  if (holds && annotations['advice'] !== 'approval') problems.push('@advice must be "approval".');

  const code = readCode(annotations['reason'], effect, holds, problems);
  const message = annotations['message'] ?? REASONS[code];
  if (message.trim() === '' || message.length > MESSAGE_CHARS_MAX)
    problems.push(`@message must have 1 to ${MESSAGE_CHARS_MAX} characters.`);
  const ask: Ask | null = holds
    ? {
        answerer: readAnswerer(annotations['approvers'], problems),
        roles: readRoles(annotations['roles'], problems),
        quorum: readQuorum(annotations['quorum'], problems),
        ttl_ms: readTtl(annotations['ttl'], problems),
        message,
      }
    : null;
  return { terms: { code, message, ask }, problems };
}

function readCode(
  given: string | undefined,
  effect: 'permit' | 'forbid',
  holds: boolean,
  problems: string[],
): ReasonCode {
  const usual = effect === 'permit' ? 'policy.permitted' : holds ? 'approval.required' : 'policy.forbidden';
  if (given === undefined || effect === 'permit') return usual;
  if (Object.hasOwn(REASONS, given) && !NOT_A_POLICYS.has(given)) return given as ReasonCode; // a key of REASONS
  problems.push(`@reason("${given.slice(0, 80)}") is not a reason code that a policy may give.`);
  return usual;
}

function readAnswerer(given: string | undefined, problems: string[]): OwnerRole {
  const found = OWNER_ROLES.find((role) => role === (given ?? 'business'));
  if (found === undefined) problems.push(`@approvers must be one of ${OWNER_ROLES.join(', ')}.`);
  return found ?? 'business';
}

function readRoles(given: string | undefined, problems: string[]): readonly Role[] {
  const names = (given ?? 'approver')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const roles = ROLES.filter((role) => names.includes(role));
  const may = roles.filter((role) => role !== 'auditor' && role !== 'member');
  if (may.length !== new Set(names).size)
    problems.push('@roles must be a comma-separated list of admin, security, approver; empty for owners alone.');
  return may;
}

function readQuorum(given: string | undefined, problems: string[]): number {
  if (given === undefined) return 1;
  const quorum = /^[1-9]$/.test(given) ? Number(given) : 0;
  if (quorum < 1 || quorum > QUORUM_MAX) problems.push(`@quorum must be a whole number from 1 to ${QUORUM_MAX}.`);
  return Math.min(Math.max(quorum, 1), QUORUM_MAX);
}

const TTL_MS_MIN = 10_000;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function readTtl(given: string | undefined, problems: string[]): number {
  if (given === undefined) return APPROVAL_MS;
  const [, count, unit] = /^([1-9]\d{0,4})([smh])$/.exec(given) ?? [];
  const ms = Number(count ?? 0) * (UNIT_MS[unit ?? ''] ?? 0);
  if (ms >= TTL_MS_MIN && ms <= TASK_MS_MAX) return ms;
  problems.push('@ttl must be a time from "10s" to "12h", such as "15m".');
  return APPROVAL_MS;
}
