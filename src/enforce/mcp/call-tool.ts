import type { Action, ActionKind } from '../../core/action.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { approvalDigest } from '../../govern/approval-digest.ts';
import { clientOf } from '../../govern/decide.ts';
import { perform, type PerformRequest } from '../../govern/perform.ts';
import { refuseAction } from '../../govern/refuse-action.ts';
import { visibleTools } from '../../govern/visible-tools.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { RETRY_PARAMS } from '../../standards/mcp/input-required.ts';
import { isObject } from '../../standards/mcp/message.ts';
import type { ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';
import { paramHeaderMismatch, variantArgument } from './argument-faults.ts';
import { awaitAnswer } from './await-answer.ts';
import { actionOn, askFor, sendError, type AnswerDeps, type Exchange } from './exchange.ts';
import { forwardedMeta, progressTokenOf } from './forwarded-meta.ts';
import { isOwnState } from './request-state.ts';
import { sendFault, sendPerformed } from './send-performed.ts';
import { toolAddress, type ToolAddress } from './tool-address.ts';

/** `tools/call`: one action, decided, performed where it is allowed, and answered as it was decided. */
export async function callTool(
  deps: AnswerDeps,
  exchange: Exchange,
  headers: NodeJS.Dict<string | string[]>,
): Promise<void> {
  const params = exchange.request.params ?? {};
  const named = params['name'];
  const args = params['arguments'] ?? EMPTY;
  if (typeof named !== 'string' || named === '')
    return sendError(exchange, ERROR_CODE.invalid_params, 'name must be a text.');
  if (!isObject(args)) return sendError(exchange, ERROR_CODE.invalid_params, 'arguments must be an object.');

  const address = toolAddress(exchange.route, named);
  const action = callOf(address, params);
  const fault = headerFault(deps, exchange, address, args, headers);
  if (fault !== null) return sendError(exchange, fault.code, fault.message, undefined, 400);
  if (!isOwnRetry(deps, exchange, action)) {
    return sendError(exchange, ERROR_CODE.invalid_params, 'requestState is not one that was given for this call.');
  }

  const wanted: Promise<unknown>[] = [];
  try {
    const request = performRequest(deps, exchange, action, wanted);
    let performed = await perform(deps, request);
    const again = isRetry(params);
    if (performed.kind === 'held' && again && (await awaitAnswer(deps, performed.approval.id, exchange.live.signal))) {
      performed = await perform(deps, request);
    }
    await Promise.all(wanted);
    sendPerformed(deps, exchange, { performed, address, named, again });
  } catch (error) {
    deps.log.error({ event: 'mcp_fault', error: String(error) }, 'A tool call met an internal fault and is denied.');
    sendFault(deps, exchange, await refuseAction(deps, askFor(exchange, action), 'internal.fault'));
  }
}

const EMPTY: ResultJsonObject = Object.freeze({});

/**
 * MCP 2025-11-25, tasks: who does not offer them processes the request as if its `task` were not there; a task of the
 * server's could not be followed through us.
 */
const NOT_FORWARDED: ReadonlySet<string> = new Set(['_meta', 'task', ...RETRY_PARAMS]);

/** What would leave: the server's own name, and what the client sent beside `_meta` and the members of a repetition. */
function callOf({ server, tool }: ToolAddress, params: ResultJsonObject): Action {
  const forwarded: Record<string, Json> = {};
  for (const [key, value] of Object.entries(params)) {
    // A request was read without raw numbers, the only thing Json does not name.
    if (!NOT_FORWARDED.has(key)) forwarded[key] = value as Json;
  }
  return { kind: 'call', server, tool, method: 'tools/call', params: { ...forwarded, name: tool } };
}

/**
 * What is wrong with arguments and headers by the tool's own schema. Only asked of a tool that the task can see: the
 * answer would tell that the tool exists.
 */
function headerFault(
  deps: AnswerDeps,
  { task, spoken }: Exchange,
  address: ToolAddress,
  args: ResultJsonObject,
  headers: NodeJS.Dict<string | string[]>,
): { readonly code: number; readonly message: string } | null {
  const open = task === null ? undefined : deps.snapshot.task(task);
  const tool =
    open === undefined
      ? undefined
      : visibleTools(deps.snapshot, open, address.server).find(({ name }) => name === address.tool);
  if (tool === undefined) return null;
  const variant = variantArgument(tool, args);
  if (variant !== null) return { code: ERROR_CODE.invalid_params, message: variant };
  const mismatch = spoken.era === 'modern' ? paramHeaderMismatch(tool, args, headers) : null;
  return mismatch === null ? null : { code: ERROR_CODE.header_mismatch, message: mismatch };
}

function isRetry(params: ResultJsonObject): boolean {
  return params['requestState'] !== undefined || params['inputResponses'] !== undefined;
}

/** A state is only taken back from whom it was given to, with the call it was given for. */
function isOwnRetry(deps: AnswerDeps, { caller, task, request }: Exchange, action: Action): boolean {
  const state = request.params?.['requestState'];
  if (state === undefined) return true;
  if (typeof state !== 'string' || task === null) return false;
  const pinned = deps.snapshot.tool(action.server, action.tool ?? '');
  const open = deps.snapshot.task(task);
  if (pinned === undefined || open === undefined) return false;
  const client_of = clientOf(deps.snapshot, caller.credential);
  const digest = approvalDigest(deps.hasher, {
    action,
    definition_digest: pinned.digest,
    agent: caller.agent,
    task,
    revision: open.revision,
    ...(client_of === null ? {} : { client_of }),
  });
  const approvalOf = (id: string) => {
    const approval = deps.snapshot.approval(id);
    return approval?.digest === digest ? approval : undefined;
  };
  return isOwnState(deps.hasher, state, approvalOf, { agent: caller.agent, task }, deps.clock.now());
}

function performRequest(
  deps: AnswerDeps,
  exchange: Exchange,
  action: Action,
  wanted: Promise<unknown>[],
): PerformRequest {
  const { request, live, reply, task } = exchange;
  const token = progressTokenOf(request.params);
  return {
    ...askFor(exchange, action),
    signal: live.signal,
    wants_progress: token !== undefined,
    meta: forwardedMeta(request.params, task),
    onNotification(method, params) {
      // Nothing else of a server belongs to one request; its token was ours, the client knows its own.
      if (method === 'notifications/progress' && token !== undefined)
        reply.notify(method, { ...progressOf(params), progressToken: token });
    },
    // The upstream refused it already; here it is recorded. The client never learns what a server wanted of it.
    onServerRequest(method) {
      const kind = SERVER_REQUEST_KINDS.get(method);
      if (kind === undefined) return;
      const asked = {
        ...askFor(exchange, actionOn(action.server, kind, method)),
        claims: { asked_by: 'server', during: action.tool },
      };
      wanted.push(refuseAction(deps, asked, 'request.unsupported'));
    },
  };
}

/** What a server may ask of a client, each an action of its own. */
const SERVER_REQUEST_KINDS: ReadonlyMap<string, ActionKind> = new Map([
  ['sampling/createMessage', 'sample'],
  ['elicitation/create', 'elicit'],
  ['roots/list', 'list_roots'],
]);

function progressOf({ progress, total, message }: JsonObject): JsonObject {
  return {
    progress: progress ?? 0,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message }),
  };
}
