import { callerName, type Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { EFFECT_CLASSES, type EffectClass, type PinnedTool, type ToolFacts } from '../core/tool.ts';
import { deriveToolFacts } from '../core/facts/tool-facts.ts';
import type { Hasher } from '../ports/hasher.ts';
import { checkedReason } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { requireRole } from './require-role.ts';

export interface ConfirmToolRequest {
  readonly caller: Caller;
  readonly server: string;
  readonly tool: string;
  /** Of the definition that was read: accepts a quarantined or changed tool when it is the one on offer. */
  readonly accept_digest?: string;
  readonly effect_class?: readonly EffectClass[];
  readonly reversible?: boolean;
  readonly reason: string;
}

/**
 * A person's word on a tool: accepts the definition they read, corrects what the tool is taken to do, or both.
 * @throws auth.forbidden, not_found, conflict.state, conflict.version when another definition is on offer, input.invalid
 */
export function confirmTool(
  control: Control & { readonly hasher: Hasher },
  request: ConfirmToolRequest,
): Promise<PinnedTool> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = currentCaller(control.snapshot, request.caller, now);
    requireRole(caller, 'admin', 'security');
    const reason = checkedReason(request.reason);
    const server = control.snapshot.server(request.server);
    const tool = control.snapshot.tool(request.server, request.tool);
    if (server?.state !== 'registered' || tool === undefined)
      throw new MandateError('not_found', 'There is no such tool.');
    if (tool.state === 'gone' || tool.state === 'refused') {
      throw new MandateError('conflict.state', tool.state_reason ?? `The tool is ${tool.state}.`);
    }
    const { accept_digest, effect_class, reversible } = request;
    if (accept_digest === undefined && effect_class === undefined && reversible === undefined) {
      throw new MandateError(
        'input.invalid',
        'Nothing to confirm: give a digest to accept, an effect class or reversible.',
      );
    }
    const accepted = accept_digest === undefined ? tool : accept(tool, accept_digest);
    const facts: ToolFacts =
      effect_class === undefined && reversible === undefined
        ? factsOf(accepted, server.trust)
        : {
            effect_class: effect_class === undefined ? accepted.facts.effect_class : checkedEffects(effect_class),
            reversible: reversible ?? accepted.facts.reversible,
            source: 'confirmed',
            set_by: callerName(caller),
            reason,
          };
    const next: PinnedTool = { ...accepted, facts, updated_at: now, version: tool.version + 1 };
    await makeChange(control, {
      caller,
      kind: 'tool_confirmed',
      subject: { noun: 'tool', id: `${tool.server}/${tool.name}` },
      reason,
      details: {
        state: { from: tool.state, to: next.state },
        digest: next.digest,
        was_digest: tool.digest,
        effect_class: facts.effect_class,
        was_effect_class: tool.facts.effect_class,
        reversible: facts.reversible,
        was_reversible: tool.facts.reversible,
      },
      writes: [{ noun: 'tool', value: next }],
      now,
    });
    return next;
  });
}

/** What is accepted is what was read; anything else is read again first. */
function accept(tool: PinnedTool, digest: string): PinnedTool {
  const pinned = { state: 'pinned', state_reason: null, offered: null } as const;
  if (tool.state === 'pinned') throw new MandateError('conflict.state', 'The tool is accepted already.');
  const offered = tool.offered ?? tool;
  if (offered.digest !== digest) {
    throw new MandateError('conflict.version', 'Another definition is on offer now; read it and repeat.', {
      at: '/accept_digest',
    });
  }
  return { ...tool, ...pinned, definition: offered.definition, digest: offered.digest };
}

/** A person's earlier word holds for the new definition too; what was derived is derived again. */
function factsOf(tool: PinnedTool, trust: 'trusted' | 'untrusted'): ToolFacts {
  return tool.facts.source === 'confirmed' ? tool.facts : deriveToolFacts(tool.definition, trust);
}

function checkedEffects(effects: readonly EffectClass[]): readonly EffectClass[] {
  const distinct = EFFECT_CLASSES.filter((effect) => effects.includes(effect)).sort();
  if (distinct.length === 0 || effects.some((effect) => !EFFECT_CLASSES.includes(effect))) {
    throw new MandateError('input.invalid', `An effect class is at least one of ${EFFECT_CLASSES.join(', ')}.`, {
      at: '/effect_class',
    });
  }
  return distinct;
}
