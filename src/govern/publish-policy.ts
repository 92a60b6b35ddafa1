import { callerName, type Caller } from '../core/caller.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Write } from '../core/change.ts';
import { MandateError } from '../core/errors.ts';
import type { PolicyFile, PolicySet } from '../core/policy-set.ts';
import { loadPolicies } from '../policy/load-policies.ts';
import { printProblem } from '../policy/problem.ts';
import type { Hasher } from '../ports/hasher.ts';
import { checkedReason } from './checked-text.ts';
import { makeChange, type Control } from './make-change.ts';
import { toolsDecidedOn } from './policy-in-force.ts';

export interface PublishRequest {
  readonly caller: Caller;
  readonly files: readonly PolicyFile[];
  readonly reason: string;
}

/** How many problems one error names; `mandate policy check` prints them all. */
const PROBLEMS_NAMED_MAX = 5;

/**
 * Puts these policy files in force, whole, under a new serial; when they are in force already, nothing changes.
 * @throws auth.forbidden for anyone but the operator and Mandate, policy.invalid naming file, line and column
 */
export function publishFiles(deps: Control & { readonly hasher: Hasher }, request: PublishRequest): Promise<PolicySet> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const { caller } = request;
    if (caller.kind !== 'operator' && caller.kind !== 'mandate') {
      throw new MandateError('auth.forbidden', "Policies are published from the operator's files.");
    }
    const reason = checkedReason(request.reason);
    const files = request.files.map(({ name, text }) => ({ name, text })).sort((a, b) => (a.name < b.name ? -1 : 1));
    const hash = deps.hasher.sha256(canonicalJson(files));
    const before = deps.snapshot.policySet();
    if (before?.hash === hash) return before;
    // INVARIANT: the published set has the highest serial ever used; should another process be ahead, the store refuses.
    const serial = (before?.serial ?? 0) + 1;
    requireLoads(deps, files, { serial, hash });
    const set: PolicySet = {
      serial,
      hash,
      files,
      state: 'published',
      set_by: callerName(caller),
      reason,
      published_at: now,
      version: 1,
    };
    const writes: Write[] = [];
    if (before !== undefined)
      writes.push({ noun: 'policy_set', value: { ...before, state: 'superseded', version: before.version + 1 } });
    writes.push({ noun: 'policy_set', value: set });
    await makeChange(deps, {
      caller,
      kind: 'published',
      subject: { noun: 'policy_set', id: String(serial) },
      reason,
      details: { serial, hash, files: files.map((file) => file.name), supersedes: before?.serial ?? null },
      writes,
      now,
    });
    return set;
  });
}

function requireLoads(
  { snapshot }: Control,
  files: readonly PolicyFile[],
  ref: { readonly serial: number; readonly hash: string },
): void {
  const loaded = loadPolicies({ files, tools: toolsDecidedOn(snapshot), ref });
  if (loaded.ok) return;
  const named = loaded.problems.slice(0, PROBLEMS_NAMED_MAX).map(printProblem).join(' ');
  const more = loaded.problems.length - PROBLEMS_NAMED_MAX;
  const [first] = loaded.problems;
  throw new MandateError(
    'policy.invalid',
    more > 0 ? `${named} And ${more} more.` : named,
    first === undefined ? {} : { at: `${first.file}:${first.line}:${first.column}` },
  );
}
