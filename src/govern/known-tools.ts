import { MandateError } from '../core/errors.ts';
import { parseToolPattern, splitToolName, toolsOutside, type ToolPattern } from '../core/scope.ts';
import type { Snapshot } from './snapshot.ts';

export const PATTERNS_MAX = 200;

/**
 * The patterns, each of which names a registered server and, unless it is `server/*`, a tool that this server offers.
 * @throws input.invalid for what is no pattern, task.scope naming what does not exist
 */
export function knownTools(snapshot: Snapshot, patterns: readonly string[], at: string): readonly ToolPattern[] {
  if (patterns.length > PATTERNS_MAX) throw new MandateError('input.invalid', `At most ${PATTERNS_MAX} tools.`, { at });
  const known = new Set<ToolPattern>();
  for (const [index, text] of patterns.entries()) {
    const pattern = parseToolPattern(text);
    const parts = splitToolName(text);
    const where = { at: `${at}/${index}` };
    if (pattern === null || parts === null) {
      throw new MandateError(
        'input.invalid',
        `${JSON.stringify(text.slice(0, 80))} is not of the form server/tool or server/*.`,
        where,
      );
    }
    if (snapshot.server(parts.server)?.state !== 'registered') {
      throw new MandateError('task.scope', `There is no server ${parts.server}, which ${text} names.`, where);
    }
    const tool = snapshot.tool(parts.server, parts.tool);
    if (parts.tool !== '*' && (tool === undefined || tool.state === 'gone')) {
      throw new MandateError('task.scope', `The server ${parts.server} has no tool ${parts.tool}.`, where);
    }
    known.add(pattern);
  }
  return [...known];
}

/** Nothing of `inner` may lie outside `outer`. @throws task.scope naming the first that does, and whose limit it is */
export function requireWithin(inner: readonly ToolPattern[], outer: readonly ToolPattern[], whose: string): void {
  const [outside] = toolsOutside(inner, outer);
  if (outside !== undefined)
    throw new MandateError('task.scope', `${outside} is outside what ${whose} may reach.`, { at: '/scope/tools' });
}
