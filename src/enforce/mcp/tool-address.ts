import { isSlug, type ServerId } from '../../core/ids.ts';
import { TOOL_NAME_CHARS_MAX } from '../../core/scope.ts';

/** Where a call goes: a server, and the name that server itself gives the tool. */
export interface ToolAddress {
  readonly server: ServerId;
  readonly tool: string;
}

/**
 * Stands where a request names no server. It is no slug, so no server ever has it, and every decision on it is a deny.
 */
export const NO_SERVER = '*' as ServerId; // branded past the check on purpose, see above

const DELIMITER = '__';

/**
 * The tool that a client means. On the common address names are `{server}__{tool}`, split at the first `__`: server ids
 * have no underscore, so each name has one reading. A name that no tool can have is kept as text that no tool has.
 * @param route the server of the address; null for the common one
 */
export function toolAddress(route: string | null, name: string): ToolAddress {
  if (route !== null) return { server: serverNamed(route), tool: bounded(name) };
  const at = name.indexOf(DELIMITER);
  if (at <= 0) return { server: NO_SERVER, tool: bounded(name) };
  return { server: serverNamed(name.slice(0, at)), tool: bounded(name.slice(at + DELIMITER.length)) };
}

/** The name of a tool on this address. */
export function shownName(route: string | null, address: ToolAddress): string {
  return route === null ? `${address.server}${DELIMITER}${address.tool}` : address.tool;
}

export function serverNamed(text: string): ServerId {
  return isSlug(text) ? (text as ServerId) : NO_SERVER; // checked by isSlug
}

/** The mark at the end is in no pinned name, so a cut name never becomes that of a tool. */
function bounded(name: string): string {
  return name.length <= TOOL_NAME_CHARS_MAX ? name : `${name.slice(0, TOOL_NAME_CHARS_MAX).toWellFormed()}…`;
}
