import type { ActionKind } from '../../core/action.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { refuseAction } from '../../govern/refuse-action.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import { CLIENT_REQUESTS } from '../../standards/mcp/method.ts';
import { actionOn, askFor, sendMethodNotFound, sendRefused, type AnswerDeps, type Exchange } from './exchange.ts';
import { NO_SERVER, serverNamed } from './tool-address.ts';

/** What these methods would do. Those that are missing here are no actions. */
const KINDS: ReadonlyMap<string, ActionKind> = new Map([
  ['resources/list', 'list'],
  ['resources/templates/list', 'list'],
  ['prompts/list', 'list'],
  ['resources/read', 'read_resource'],
  ['resources/subscribe', 'subscribe'],
  ['resources/unsubscribe', 'subscribe'],
  ['subscriptions/listen', 'subscribe'],
  ['prompts/get', 'get_prompt'],
  ['completion/complete', 'complete'],
]);

/** Every request that is no tool: an action is refused and recorded, anything else is not known here. */
export async function refuseUnsupported(deps: AnswerDeps, exchange: Exchange): Promise<void> {
  const { method, params } = exchange.request;
  const kind = KINDS.get(method);
  if (kind === undefined || !isOf(exchange.spoken.era, method)) return sendMethodNotFound(exchange);
  const { _meta: _claims, ...rest } = params ?? {};
  const server = exchange.route === null ? NO_SERVER : serverNamed(exchange.route);
  // A request was read without raw numbers, the only thing Json does not name.
  const action = actionOn(server, kind, method, rest as Readonly<Record<string, Json>> satisfies JsonObject);
  const refused = await refuseAction(deps, askFor(exchange, action), 'request.unsupported');
  sendRefused(
    deps,
    exchange,
    refused,
    `Refused: ${method} is not supported; only tools are. Nothing was asked of any server.`,
  );
}

function isOf(era: Era, method: string): boolean {
  return CLIENT_REQUESTS.get(method)?.includes(era) === true;
}
