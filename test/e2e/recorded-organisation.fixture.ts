/** An organisation whose agents work with a server that keeps every byte it is sent. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, callTool, type Answer, type Called } from './api.fixture.ts';
import {
  openOrganisation,
  type Organisation,
  type OpenedTask,
  type OrganisationOptions,
} from './organisation.fixture.ts';
import { operatorToken } from './operator-token.fixture.ts';
import { folder } from './program.fixture.ts';

export const RECORDING_SERVER = fileURLToPath(new URL('./recording-server.fixture.ts', import.meta.url));

export interface RecordedOrganisation extends Organisation {
  /** Where the recording server keeps what it was sent. */
  readonly record: string;
  /** The admin token, which is in the data directory too. */
  readonly operator: string;
  /** One request to the control API, whatever comes back. */
  request(method: string, path: string, bearer: string | null, body?: unknown): Promise<Answer>;
  /** A task for one of the agents that may use every tool. */
  taskOf(agent?: string): Promise<OpenedTask>;
  call(token: string, tool: string, args: object): Promise<Called>;
  /** A call that is held. @returns the approval's id */
  hold(token: string, tool: string, args: object): Promise<string>;
}

export interface RecordedOptions extends OrganisationOptions {
  /** Each is probationary: what does not only read is held. */
  readonly agents?: readonly string[];
}

export async function openRecordedOrganisation(
  t: TestContext,
  options: RecordedOptions = {},
): Promise<RecordedOrganisation> {
  const { agents = ['worker'], ...rest } = options;
  const record = join(folder(t), 'record');
  mkdirSync(record);
  const organisation = await openOrganisation({ as: 'child', ...rest });
  t.after(() => organisation.close());
  await organisation.addServer({
    id: 'rec',
    transport: { type: 'stdio', command: process.execPath, args: [RECORDING_SERVER, record] },
  });
  for (const id of agents) await organisation.addAgent({ id, tools: ['rec/*'], lifecycle: 'probationary' });
  const call = (token: string, tool: string, args: object): Promise<Called> =>
    callTool(`${organisation.url}/mcp`, token, `rec__${tool}`, args);
  return {
    ...organisation,
    record,
    operator: operatorToken(organisation.data),
    request: (method, path, bearer, body) => ask(`${organisation.url}${path}`, method, bearer, body),
    taskOf: (agent = agents[0] ?? 'worker') => organisation.openTask({ agent, tools: ['rec/*'], calls: 100_000 }),
    call,
    hold: async (token, tool, args) => {
      const held = await call(token, tool, args);
      if (held.effect !== 'hold' || held.approval === null)
        throw new Error(`${tool} was not held: ${held.answer.text}`);
      return held.approval;
    },
  };
}
