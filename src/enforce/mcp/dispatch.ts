import type { IncomingMessage } from 'node:http';
import { isMandateError } from '../../core/errors.ts';
import type { TaskId } from '../../core/ids.ts';
import { unstatedTask } from '../../govern/open-unstated-task.ts';
import type { AgentCaller } from './admit.ts';
import { callTool } from './call-tool.ts';
import { claimsOf, clientClaims } from './claims.ts';
import { sendResult, type AnswerDeps, type Exchange } from './exchange.ts';
import { discover, initialize } from './introduce.ts';
import { listTools } from './list-tools.ts';
import type { Sessions } from './sessions.ts';
import { refuseUnsupported } from './unsupported.ts';

/** An admitted and read request, to the method it names. */
export async function dispatch(
  deps: AnswerDeps,
  sessions: Sessions,
  request: IncomingMessage,
  begun: Omit<Exchange, 'task' | 'claims'>,
): Promise<void> {
  const { spoken, session, request: message } = begun;
  const client = spoken.era === 'modern' ? clientClaims(spoken.clientInfo) : session?.client;
  const claims = claimsOf(deps.hasher, { headers: request.headers, era: spoken.era, client, params: message.params });
  const exchange = (task: TaskId | null): Exchange => ({ ...begun, task, claims });
  const { caller } = begun;
  if (spoken.era === 'modern' && message.method === 'server/discover') return discover(deps, exchange(caller.task));
  if (spoken.era === 'legacy' && message.method === 'initialize')
    return initialize(deps, sessions, exchange(caller.task));
  if (spoken.era === 'legacy' && message.method === 'ping') return sendResult(exchange(caller.task), {});
  const task = await taskOf(deps, caller);
  begun.live.task = task;
  if (message.method === 'tools/list') return listTools(deps, exchange(task));
  if (message.method === 'tools/call') return callTool(deps, exchange(task), request.headers);
  return refuseUnsupported(deps, exchange(task));
}

/** A connection key names no task: its calls belong to the one without a purpose. Null leads to a recorded deny. */
async function taskOf(deps: AnswerDeps, caller: AgentCaller): Promise<TaskId | null> {
  if (caller.task !== null) return caller.task;
  try {
    return (await unstatedTask(deps, { agent: caller.agent, credential: caller.credential })).id;
  } catch (error) {
    if (!isMandateError(error)) throw error;
    deps.log.warn(
      { event: 'mcp_no_task', agent: caller.agent, code: error.code },
      'No task could be opened for a connection key.',
    );
    return null;
  }
}
