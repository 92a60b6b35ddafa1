import { MandateError } from '../core/errors.ts';
import type { PolicyEngine } from '../policy/engine.ts';
import { loadPolicies, type PolicySource } from '../policy/load-policies.ts';
import { printProblem } from '../policy/problem.ts';
import type { Snapshot } from './snapshot.ts';

/** The engine of the published policy set, for the tools that exist now. */
export interface PolicyInForce {
  /** Null when no set is published or the published one does not load: everything is then denied. */
  current(): PolicyEngine | null;
}

/**
 * Follows the snapshot: a new set or a new tool name makes a new engine before the next decision, so that no decision
 * mixes two sets. A set that does not load is reported once and denies.
 */
export function policyInForce(snapshot: Snapshot, report: (fault: MandateError) => void): PolicyInForce {
  let engine: PolicyEngine | null = null;
  let loaded = '';

  function load(): PolicyEngine | null {
    const set = snapshot.policySet();
    if (set === undefined) return null;
    const result = loadPolicies({
      files: set.files,
      tools: toolsDecidedOn(snapshot),
      ref: { serial: set.serial, hash: set.hash },
    });
    if (result.ok) return result.engine;
    const [first] = result.problems;
    const place = first === undefined ? '' : printProblem(first);
    report(
      new MandateError(
        'policy.invalid',
        `Policy set ${set.serial} cannot be loaded, so everything is denied. ${place}`,
      ),
    );
    return null;
  }

  return {
    current: () => {
      const wanted = `${snapshot.policySet()?.serial ?? 0} ${snapshot.toolsVersion()}`;
      if (wanted !== loaded) {
        engine = load();
        loaded = wanted;
      }
      return engine;
    },
  };
}

/** Every tool that policies are loaded for: all that any server ever offered. */
export function toolsDecidedOn(snapshot: Snapshot): PolicySource['tools'] {
  return [...snapshot.servers()].flatMap(({ id }) => snapshot.toolsOf(id).map(({ name }) => ({ server: id, name })));
}
