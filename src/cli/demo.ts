import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isMandateError } from '../core/errors.ts';
import { serve, type ServeOptions, type Served } from '../serve.ts';
import { openClient } from './client.ts';
import { describeAnswer } from './demo-report.ts';
import { readSampleOrganisation, setUpSample, type Organisation } from './sample-organisation.ts';

export interface DemoOptions extends ServeOptions {
  /** Where the lines for people go. */
  readonly print: (line: string) => void;
  /** How the CLI is called in the printed commands, e.g. `npm run mandate --`. */
  readonly command: string;
}

/**
 * `mandate serve` with the sample organisation and one scripted agent at work: makes what is missing of the sample,
 * opens a task as one of its people, lets the agent call, and prints what was decided.
 */
export async function demo(options: DemoOptions): Promise<Served> {
  const { print } = options;
  const served = await serve(options);
  try {
    print(`Mandate is running at ${served.url}`);
    if (served.firstRunLink === null) print(`  Sign in:  ${served.url}/sign-in`);
    else print(`  Sign in:  ${served.firstRunLink}   (once, within 5 minutes)`);
    print('');
    const organisation = await readSampleOrganisation();
    const api = openClient({ url: served.url, token: served.operatorToken });
    await setUpSample(api, served.people, organisation, options.data);
    const agent = await agentAtWork(options, served, organisation);
    return agent === null ? served : { ...served, close: () => stop(agent, served) };
  } catch (error) {
    await served.close();
    throw error;
  }
}

/** Somebody may have stopped the demo's agent, or an owner of it; that is for them to look at, so the rest goes on. */
async function agentAtWork(
  options: DemoOptions,
  served: Served,
  organisation: Organisation,
): Promise<ChildProcess | null> {
  try {
    return await startAgent(options, served, organisation);
  } catch (error) {
    if (!isMandateError(error) || error.code === 'internal') throw error;
    const { agent } = organisation.task;
    options.print(`The demo agent is not at work: ${error.message} (${error.code})`);
    options.print(`  Look at it:  ${options.command} agent show ${agent}`);
    options.print(`  Resume it:   ${options.command} agent transition ${agent} --to probationary --reason "resume"`);
    return null;
  }
}

interface OpenedTask {
  readonly task: { readonly id: string };
  readonly token: string;
  readonly mcp_url: string;
}

async function startAgent(options: DemoOptions, served: Served, organisation: Organisation): Promise<ChildProcess> {
  const { print } = options;
  const wanted = organisation.task;
  const person = openClient({ url: served.url, token: await served.people.actAs(wanted.asked_by) });
  const opened = await person.post<OpenedTask>('/v1/tasks', {
    agent: wanted.agent,
    purpose: wanted.purpose,
    scope: { tools: wanted.tools },
    budget: { calls: wanted.calls },
    expires_in_s: wanted.expires_in_s,
  });
  print(`${wanted.agent} works for ${wanted.asked_by} on "${wanted.purpose}" (${opened.task.id})`);

  const agent = spawn(process.execPath, [PROGRAM], {
    // The agent gets an address and a task token: nothing else of this process.
    env: { PATH: process.env['PATH'] ?? '', MCP_URL: opened.mcp_url, MCP_TOKEN: opened.token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = createInterface({ input: agent.stderr });
  errors.on('line', (line) => print(`  the demo agent says: ${line}`));
  const answers = createInterface({ input: agent.stdout });
  let first = true;
  const heldShown = Promise.withResolvers<void>();
  answers.on('line', (line) => {
    const answer = describeAnswer(line);
    print(`  ${answer.line}`);
    if (answer.effect !== 'hold' || !first) return;
    first = false;
    for (const hint of hints(options, served, wanted.agent, answer.approval_url)) print(hint);
    heldShown.resolve();
  });
  agent.once('exit', () => heldShown.resolve());
  await heldShown.promise;
  return agent;
}

const PROGRAM = fileURLToPath(
  new URL(`../beside/demo-agent${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

function hints(options: DemoOptions, served: Served, agent: string, approval_url: string | null): readonly string[] {
  const { command } = options;
  return [
    '',
    `Approve the held call:  ${approval_url ?? served.url}`,
    'Connect a real client:',
    `  ${command} agent key ${agent} --label laptop`,
    `  claude mcp add --transport http mandate ${served.url}/mcp --header "Authorization: Bearer THE_KEY"`,
    'Verify the evidence:',
    `  ${command} audit verify`,
    `  ${command} audit tail`,
    '',
    'The agent repeats its held call until someone decides it. Ctrl-C stops everything.',
  ];
}

async function stop(agent: ChildProcess, served: Served): Promise<void> {
  if (agent.exitCode === null && agent.signalCode === null) {
    const gone = new Promise<void>((resolve) => agent.once('exit', () => resolve()));
    agent.kill('SIGTERM');
    await gone;
  }
  await served.close();
}
