import { deriveToolFacts } from '../core/facts/tool-facts.ts';
import type { Instant } from '../core/instant.ts';
import type { Server } from '../core/server.ts';
import type { PinnedTool, ToolDefinition } from '../core/tool.ts';

interface Pinning {
  readonly server: Server;
  /** What is known of it. */
  readonly before: PinnedTool | undefined;
  readonly definition: ToolDefinition;
  readonly digest: string;
  /** Why its name is refused; null when it is not. */
  readonly doubt: string | null;
  readonly now: Instant;
}

/** What a tool is after its server offered this definition: the very same pin when nothing changed. */
export function pinTool({ server, before, definition, digest, doubt, now }: Pinning): PinnedTool {
  const fresh = (state: 'pinned' | 'quarantined' | 'refused', state_reason: string | null): PinnedTool => ({
    server: server.id,
    name: definition.name,
    digest,
    definition,
    facts: deriveToolFacts(definition, server.trust),
    state,
    state_reason,
    offered: null,
    updated_at: now,
    version: (before?.version ?? 0) + 1,
  });
  if (doubt !== null) {
    return before?.state === 'refused' && before.digest === digest && before.state_reason === doubt
      ? before
      : fresh('refused', doubt);
  }
  switch (before?.state) {
    case undefined:
    case 'refused':
      return server.trust === 'trusted' ? fresh('pinned', null) : fresh('quarantined', NEW_OF_UNTRUSTED);
    case 'quarantined':
      return before.digest === digest ? before : fresh('quarantined', NEW_OF_UNTRUSTED);
    case 'gone':
      // It was accepted once, perhaps: only a trusted server's own pin comes back by itself.
      if (server.trust === 'untrusted')
        return fresh('quarantined', 'It was gone and is back; its server is not trusted.');
      return before.digest === digest
        ? {
            ...before,
            state: 'pinned',
            state_reason: null,
            offered: null,
            updated_at: now,
            version: before.version + 1,
          }
        : changed(before, definition, digest, now);
    case 'pinned':
      return before.digest === digest ? before : changed(before, definition, digest, now);
    case 'changed':
      return before.offered?.digest === digest ? before : changed(before, definition, digest, now);
  }
}

const NEW_OF_UNTRUSTED = 'It is new, and its server is not trusted.';

/** What was pinned stays beside what is offered, so that a person can compare the two. */
function changed(before: PinnedTool, definition: ToolDefinition, digest: string, now: Instant): PinnedTool {
  return {
    ...before,
    state: 'changed',
    state_reason:
      digest === before.digest
        ? 'It changed and changed back.'
        : 'Its definition differs from the one that was accepted.',
    offered: { definition, digest, seen_at: now },
    updated_at: now,
    version: before.version + 1,
  };
}
