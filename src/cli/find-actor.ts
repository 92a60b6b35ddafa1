import { isMandateError, MandateError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { segment, type Client } from './client.ts';

export const ACTOR_PATHS = { human: '/v1/humans', workload: '/v1/workloads', agent: '/v1/agents' } as const;
export type ActorPath = (typeof ACTOR_PATHS)[keyof typeof ACTOR_PATHS];

/** The actor with this id, of whatever kind (ids are unique over all), and the API path of its kind. @throws not_found */
export async function findActor(
  client: Client,
  id: string,
): Promise<{ readonly path: ActorPath; readonly actor: JsonObject }> {
  for (const path of Object.values(ACTOR_PATHS)) {
    try {
      return { path, actor: await client.get(`${path}/${segment(id)}`) };
    } catch (error) {
      if (!isMandateError(error) || error.code !== 'not_found') throw error;
    }
  }
  throw new MandateError('not_found', `There is no actor ${JSON.stringify(id)}.`);
}
