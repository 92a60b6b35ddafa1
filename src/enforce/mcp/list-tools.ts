import type { Json, JsonObject } from '../../core/json.ts';
import type { ServerId } from '../../core/ids.ts';
import { pinnedParts, type PinnedTool } from '../../core/tool.ts';
import { listVisible } from '../../govern/list-visible.ts';
import { visibleServers } from '../../govern/visible-tools.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import { isHidden, shownReasons, type Shown } from './decision-meta.ts';
import {
  actionOn,
  askFor,
  sendError,
  sendRefused,
  sendResult,
  withDecision,
  type AnswerDeps,
  type Exchange,
} from './exchange.ts';
import { serverInfo } from './introduce.ts';
import { NO_SERVER, serverNamed, shownName } from './tool-address.ts';

/** How long a modern client may keep the list: scope and pins change while a task runs. */
const LIST_TTL_MS = 5_000;

/**
 * `tools/list`, answered from the pins: of each server that the task may reach one decision, of each server that it
 * allows the tools that exist for this task. Nothing is asked of any server.
 */
export async function listTools(deps: AnswerDeps, exchange: Exchange): Promise<void> {
  if (exchange.request.params?.['cursor'] !== undefined) {
    return sendError(exchange, ERROR_CODE.invalid_params, 'The list has one page; there is no cursor to it.');
  }
  const tools: Json[] = [];
  let shown: Shown | null = null;
  const asked = serversOf(deps, exchange).map((server) =>
    listVisible(deps, askFor(exchange, actionOn(server, 'list', 'tools/list'))),
  );
  // Asked together, so that their records become durable together; answered in the order of the servers.
  for (const { authorized, tools: visible } of await Promise.all(asked)) {
    // A list that was allowed speaks for the answer; else the first refusal does.
    if (shown === null || (authorized.effect === 'allow' && shown.decision.effect !== 'allow')) shown = authorized;
    for (const tool of visible) tools.push(shownTool(exchange, tool));
  }
  if (shown === null) return sendError(exchange, ERROR_CODE.internal, 'Nothing was decided.');
  if (shown.decision.effect !== 'allow') return sendRefused(deps, exchange, shown, refusedText(shown));

  const caching = exchange.spoken.era === 'modern' ? { ttlMs: LIST_TTL_MS, cacheScope: 'private' } : {};
  const meta = exchange.spoken.era === 'modern' ? { [META.serverInfo]: serverInfo(deps.version) } : {};
  sendResult(exchange, { tools, ...caching, _meta: withDecision(deps, meta, shown) });
}

/** The one of the address, or all that the task reaches; where it reaches none, that is asked and recorded too. */
function serversOf(deps: AnswerDeps, { route, task }: Exchange): readonly ServerId[] {
  if (route !== null) return [serverNamed(route)];
  const open = task === null ? undefined : deps.snapshot.task(task);
  const reached = open === undefined ? [] : visibleServers(deps.snapshot, open);
  return reached.length === 0 ? [NO_SERVER] : reached;
}

/** Exactly the pinned definition: members that no pin covers are not passed on. */
function shownTool({ route, spoken }: Exchange, tool: PinnedTool): Json {
  const parts = pinnedParts(tool.definition) as JsonObject; // an object by its own definition
  const name = shownName(route, { server: tool.server, tool: tool.name });
  const { outputSchema, ...rest } = parts;
  // Legacy clients read a list in which one output schema is no object schema as no list at all.
  const fits =
    outputSchema !== undefined && (spoken.era === 'modern' || tool.definition.outputSchema?.['type'] === 'object');
  return { ...rest, name, ...(fits ? { outputSchema } : {}) };
}

function refusedText({ decision }: Shown): string {
  if (isHidden(decision)) return 'Refused: this task reaches no such server.';
  return `Refused: tools/list. ${shownReasons(decision)
    .map(({ code, message }) => `${message} [${code}]`)
    .join(' ')}`;
}
