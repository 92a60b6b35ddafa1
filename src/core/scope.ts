import type { Brand } from './brand.ts';
import { isSlug } from './ids.ts';
import type { DataClass } from './tool.ts';

/** `server/tool`, split at the first `/`. */
export type ToolName = Brand<string, 'ToolName'>;
/** `server/tool` or `server/*`. */
export type ToolPattern = Brand<string, 'ToolPattern'>;

/** What a task may reach. Lists only restrict; a missing list restricts nothing that the level above does not. */
export interface Scope {
  readonly tools: readonly ToolPattern[];
  readonly destinations?: readonly string[];
  readonly data_ceiling?: DataClass;
}

export interface Budget {
  /** Allowed calls in the whole task. */
  readonly calls?: number;
  /** In the smallest unit of the organisation's currency. */
  readonly spend?: number;
  readonly records?: number;
}

export const TOOL_NAME_CHARS_MAX = 128;

export function toolName(server: string, tool: string): ToolName {
  return `${server}/${tool}` as ToolName; // server is a slug, so the first slash splits it again
}

export function splitToolName(name: string): { readonly server: string; readonly tool: string } | null {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return null;
  return { server: name.slice(0, slash), tool: name.slice(slash + 1) };
}

/** Parses `server/tool` or `server/*`; null when it is neither. `*` elsewhere has no meaning and is refused. */
export function parseToolPattern(text: string): ToolPattern | null {
  const parts = splitToolName(text);
  if (parts === null || !isSlug(parts.server) || parts.tool.length > TOOL_NAME_CHARS_MAX) return null;
  if (parts.tool !== '*' && parts.tool.includes('*')) return null;
  return text as ToolPattern; // checked above
}

export function patternCovers(pattern: ToolPattern, tool: ToolName | ToolPattern): boolean {
  if (pattern === (tool as string)) return true; // both are plain strings of one form
  return pattern.endsWith('/*') && tool.startsWith(pattern.slice(0, -1));
}

export function coversTool(patterns: readonly ToolPattern[], tool: ToolName): boolean {
  return patterns.some((pattern) => patternCovers(pattern, tool));
}

/** True when any pattern reaches into this server. */
export function coversServer(patterns: readonly ToolPattern[], server: string): boolean {
  return patterns.some((pattern) => pattern.startsWith(`${server}/`));
}

/** The patterns of `inner` that lie outside `outer`; empty when `inner` only narrows. */
export function toolsOutside(inner: readonly ToolPattern[], outer: readonly ToolPattern[]): readonly ToolPattern[] {
  return inner.filter((pattern) => !outer.some((wider) => patternCovers(wider, pattern)));
}
