import type { ResultJson, ResultJsonObject } from '../strict-json/parse-strict.ts';
import { encodeHeaderValue, HEADER } from './header.ts';
import { isObject } from './message.ts';

/** An argument that a modern client repeats as a header, as the tool's `inputSchema` asks with `x-mcp-header`. */
export interface ParamHeader {
  /** Keys from `arguments` down. */
  readonly path: readonly string[];
  /** With the prefix, as written in the schema. */
  readonly header: string;
}

export const PARAM_HEADERS_MAX = 32;

/**
 * The declarations of a schema, or why the definition is not valid: an annotation anywhere but on a primitive property
 * that is reached through `properties` alone, a name that is no token, or the same name twice.
 */
export function paramHeadersOf(
  inputSchema: ResultJsonObject,
): { readonly ok: true; readonly headers: readonly ParamHeader[] } | { readonly ok: false; readonly why: string } {
  const headers: ParamHeader[] = [];
  const names = new Set<string>();
  const why = visit(inputSchema, [], true, headers, names);
  if (why !== undefined) return { ok: false, why };
  if (headers.length > PARAM_HEADERS_MAX) return { ok: false, why: `More than ${PARAM_HEADERS_MAX} x-mcp-header.` };
  return { ok: true, headers };
}

/** The headers for these arguments, values encoded. Absent and null arguments have none, nor have other types. */
export function paramHeaderValues(
  headers: readonly ParamHeader[],
  args: ResultJsonObject,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { path, header } of headers) {
    const text = primitiveText(at(args, path));
    if (text !== undefined) values[header] = encodeHeaderValue(text);
  }
  return values;
}

function visit(
  node: ResultJson,
  path: readonly string[],
  reachable: boolean,
  found: ParamHeader[],
  names: Set<string>,
): string | undefined {
  if (!isObject(node)) return undefined;
  const name = node[ANNOTATION];
  if (name !== undefined) {
    if (!reachable || path.length === 0) return 'x-mcp-header stands where no property is.';
    if (typeof name !== 'string' || !TOKEN.test(name)) return 'x-mcp-header is not a header name.';
    const type = node['type'];
    if (typeof type !== 'string' || !PRIMITIVES.has(type))
      return 'x-mcp-header stands on a property that is no text, whole number or boolean.';
    if (names.has(name.toLowerCase())) return 'Two properties have the same x-mcp-header.';
    names.add(name.toLowerCase());
    found.push({ path, header: `${HEADER.paramPrefix}${name}` });
  }
  const properties = node['properties'];
  if (isObject(properties)) {
    for (const [key, child] of Object.entries(properties)) {
      const why = visit(child, [...path, key], reachable, found, names);
      if (why !== undefined) return why;
    }
  }
  for (const keyword of SUBSCHEMAS) {
    for (const branch of branchesOf(node[keyword], keyword)) {
      const why = visit(branch, path, false, found, names);
      if (why !== undefined) return why;
    }
  }
  return undefined;
}

const ANNOTATION = 'x-mcp-header';
/** RFC 9110 §5.6.2 token, of a length that any server takes. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
/** `number` is not among them: its text would not be the same everywhere. */
const PRIMITIVES: ReadonlySet<string> = new Set(['string', 'integer', 'boolean']);

const MAPS_OF_SCHEMAS: ReadonlySet<string> = new Set(['patternProperties', 'dependentSchemas', '$defs', 'definitions']);
const SUBSCHEMAS: readonly string[] = [
  ...MAPS_OF_SCHEMAS,
  'items',
  'prefixItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
];

function branchesOf(value: ResultJson | undefined, keyword: string): readonly ResultJson[] {
  if (value === undefined) return [];
  if (isList(value)) return value;
  return MAPS_OF_SCHEMAS.has(keyword) && isObject(value) ? Object.values(value) : [value];
}

// Array.isArray does not narrow readonly arrays out of a union.
function isList(value: ResultJson): value is readonly ResultJson[] {
  return Array.isArray(value);
}

function at(root: ResultJsonObject, path: readonly string[]): ResultJson | undefined {
  let node: ResultJson | undefined = root;
  for (const key of path) {
    if (!isObject(node) || !Object.hasOwn(node, key)) return undefined;
    node = node[key];
  }
  return node;
}

function primitiveText(value: ResultJson | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}
