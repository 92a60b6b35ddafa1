import { MandateError } from '../../core/errors.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { ToolDefinition } from '../../core/tool.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { isObject } from '../../standards/mcp/message.ts';
import type { ResultJson, ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';
import { isRawNumber } from '../../standards/strict-json/raw-number.ts';
import { offProtocol, tooLarge } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Link } from './link.ts';

/** What a server offers under each name. A name that is offered twice, or badly, has no definition to stand on. */
export type ToolList = ReadonlyMap<string, ToolDefinition | null>;

/** Reads all pages of `tools/list`. `onFirstWrite` is called before the first request is written. */
export async function readToolList(
  link: Link,
  limits: UpstreamLimits,
  signal: AbortSignal,
  onFirstWrite: () => void = () => undefined,
): Promise<ToolList> {
  const tools = new Map<string, ToolDefinition | null>();
  let cursor: string | undefined;
  let bytes = 0;
  let items = 0;
  for (let page = 0; page < limits.list_pages_max; page += 1) {
    const answer = await link.request({
      method: 'tools/list',
      params: canonicalJson(cursor === undefined ? {} : { cursor }),
      name: undefined,
      param_headers: {},
      meta: {},
      wants_progress: false,
      signal,
      onWrite: page === 0 ? onFirstWrite : () => undefined,
      onNotification: () => undefined,
      onServerRequest: () => undefined,
    });
    if (answer.kind === 'error')
      throw offProtocol(`The server refused to list its tools (code ${answer.error.code}).`, RAN);
    bytes += answer.bytes;
    if (bytes > limits.list_bytes_max) throw tooLarge('The list of tools is larger than allowed.', RAN);
    const listed = answer.result['tools'];
    if (!isList(listed)) throw offProtocol('The server answered tools/list without a list.', RAN);
    items += listed.length;
    if (items > limits.list_tools_max)
      throw tooLarge(`The server offers more than ${limits.list_tools_max} tools.`, RAN);
    for (const item of listed) addTool(tools, item);
    cursor = nextCursor(answer.result);
    if (cursor === undefined) return tools;
  }
  throw tooLarge(`The list of tools has more than ${limits.list_pages_max} pages.`, RAN);
}

/**
 * All definitions in the order offered.
 * @throws server.definition when one of them cannot be registered: offered twice, or not a definition
 */
export function definitionsOf(tools: ToolList): readonly ToolDefinition[] {
  return [...tools].map(([name, definition]) => {
    if (definition !== null) return definition;
    const shown = JSON.stringify(name.slice(0, SHOWN_CHARS_MAX));
    throw new MandateError(
      'server.definition',
      `The server offers the tool ${shown} twice, or with a definition that is none.`,
    );
  });
}

/** Beyond what can be addressed (core/scope.ts), so that a person hears which tools cannot; a longer one is an attack. */
const OFFERED_NAME_CHARS_MAX = 256;
const SHOWN_CHARS_MAX = 64;
const CURSOR_CHARS_MAX = 4096;
const RAN = { may_have_run: false }; // listing changes nothing; the call itself was not sent

function addTool(tools: Map<string, ToolDefinition | null>, item: ResultJson): void {
  const name = isObject(item) ? item['name'] : undefined;
  if (!isObject(item) || typeof name !== 'string' || name === '' || name.length > OFFERED_NAME_CHARS_MAX) {
    throw offProtocol('The server offers a tool without a usable name.', RAN);
  }
  tools.set(name, tools.has(name) ? null : definitionOf(name, item));
}

function definitionOf(name: string, item: ResultJsonObject): ToolDefinition | null {
  const { title, description, inputSchema, outputSchema, annotations } = item;
  if (title !== undefined && typeof title !== 'string') return null;
  if (description !== undefined && typeof description !== 'string') return null;
  if (!isObject(inputSchema)) return null;
  if (outputSchema !== undefined && !isObject(outputSchema)) return null;
  if (annotations !== undefined && !isObject(annotations)) return null;
  return {
    name,
    inputSchema: rounded(inputSchema),
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(outputSchema === undefined ? {} : { outputSchema: rounded(outputSchema) }),
    ...(annotations === undefined ? {} : { annotations: rounded(annotations) }),
  };
}

/** A definition is stored and read back as plain JSON: bounds such as 2^63 - 1 are rounded here, in pin and check alike. */
function rounded(value: ResultJsonObject): JsonObject {
  return plain(value) as JsonObject; // an object stays an object
}

function plain(value: ResultJson): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isRawNumber(value)) return Number(value.rawJSON) + 0; // + 0 makes -0 the 0 that its JSON text says
  if (isList(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

function nextCursor(result: ResultJsonObject): string | undefined {
  const cursor = result['nextCursor'];
  if (cursor === undefined || cursor === null) return undefined;
  if (typeof cursor === 'string' && cursor.length <= CURSOR_CHARS_MAX) return cursor;
  throw offProtocol('The server answered tools/list with a cursor that is none.', RAN);
}

// Array.isArray does not narrow readonly arrays out of a union.
function isList(value: ResultJson | undefined): value is readonly ResultJson[] {
  return Array.isArray(value);
}
