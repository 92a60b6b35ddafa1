import type { Environment } from '../core/environment.ts';
import { MandateError } from '../core/errors.ts';
import type { Snapshot } from './snapshot.ts';

/** The environment that someone named for something new. @throws input.invalid */
export function configuredEnvironment(snapshot: Snapshot, named: string): Environment {
  const environment = snapshot.environment(named);
  if (environment !== undefined) return environment;
  throw new MandateError(
    'input.invalid',
    `There is no environment ${JSON.stringify(named.slice(0, 40))} in the configuration.`,
    { at: '/environment' },
  );
}
