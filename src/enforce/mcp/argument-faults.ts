import type { IncomingHttpHeaders } from 'node:http';
import type { PinnedTool, ToolDefinition } from '../../core/tool.ts';
import { decodeHeaderValue } from '../../standards/mcp/header.ts';
import { isObject } from '../../standards/mcp/message.ts';
import { paramHeadersOf, paramHeaderValues } from '../../standards/mcp/param-header.ts';
import { findKeyVariant } from '../../standards/strict-json/find-key-variant.ts';
import type { ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';
import { headerOf } from './spoken.ts';

/**
 * An argument whose name is a variant of one that the tool declares: a server that reads keys without case would take
 * it for the declared one, and the decision would have been about another value. Null when there is none.
 */
export function variantArgument(tool: PinnedTool, args: ResultJsonObject): string | null {
  const variant = findKeyVariant(args, declaredArguments(tool.definition), 1);
  return variant === undefined ? null : `An argument is a variant of the declared argument "${variant.known}".`;
}

/** Why the `Mcp-Param-*` headers do not say what the arguments say; null when they do. */
export function paramHeaderMismatch(
  tool: PinnedTool,
  args: ResultJsonObject,
  headers: IncomingHttpHeaders,
): string | null {
  const declared = paramHeadersOf(tool.definition.inputSchema);
  // Clients leave out tools whose declarations are not valid, and the server's own check is its own.
  if (!declared.ok) return null;
  const expected = paramHeaderValues(declared.headers, args);
  for (const { header } of declared.headers) {
    const said = headerOf(headers, header);
    const value = expected[header];
    if (value === undefined) {
      if (said !== undefined) return `The ${header} header repeats an argument that is not there.`;
      continue;
    }
    if (said === undefined) return `The ${header} header is missing.`;
    const decoded = decodeHeaderValue(said);
    if (decoded === undefined) return `The ${header} header is not well encoded.`;
    if (decoded !== decodeHeaderValue(value)) return `The ${header} header is not the argument of the body.`;
  }
  return null;
}

// A definition is a constant of its pin, and folding its names once is enough.
const declaredBy = new WeakMap<ToolDefinition, ReadonlySet<string>>();

function declaredArguments(definition: ToolDefinition): ReadonlySet<string> {
  const known = declaredBy.get(definition);
  if (known !== undefined) return known;
  const properties = definition.inputSchema['properties'];
  const declared = new Set(isObject(properties) ? Object.keys(properties) : []);
  declaredBy.set(definition, declared);
  return declared;
}
