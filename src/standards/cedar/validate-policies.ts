import { cedarFault, type CedarFault } from './fault.ts';
import { callCedar } from './wasm.ts';

export interface ValidationFault extends CedarFault {
  readonly policy: string;
  readonly severity: 'error' | 'warning';
}

/**
 * Strict validation of policies, each under its id, against a schema in Cedar's syntax. Empty when all is well.
 * @throws CedarTrap when the engine failed; Error when the schema or the policies do not parse at all
 */
export function validatePolicies(
  schema: string,
  policies: Readonly<Record<string, string>>,
): readonly ValidationFault[] {
  const answer = callCedar((cedar) =>
    cedar.validate({ schema, policies: { staticPolicies: { ...policies } }, validationSettings: { mode: 'strict' } }),
  );
  if (answer.type === 'failure') throw new Error(answer.errors.map((error) => error.message).join('; '));
  const faults = new Map<string, ValidationFault>();
  for (const [list, severity] of [
    [answer.validationErrors, 'error'],
    [answer.validationWarnings, 'warning'],
  ] as const) {
    for (const { policyId, error } of list) {
      const { message, start } = cedarFault(error, policies[policyId] ?? '');
      // The engine repeats a fault for each action that a policy covers; a reader needs the place once.
      const key = `${severity} ${policyId} ${start}`;
      if (!faults.has(key)) faults.set(key, { policy: policyId, severity, start, message: plain(message, policyId) });
    }
  }
  return [...faults.values()];
}

function plain(message: string, policy: string): string {
  return message.replace(`for policy \`${policy}\`, `, '');
}
