import type { Write } from '../core/change.ts';
import type { CommittedChange } from '../ports/changes.ts';
import type { EvidenceLog } from '../ports/evidence-log.ts';

/** Something that just became true, for those who watch. Watching never slows or fails what is watched. */
export type FeedEvent =
  /** Something is durable in the log, to be read there. */
  { readonly kind: 'evidence' } | { readonly kind: 'change'; readonly writes: readonly Write[] };

export interface Feed {
  /** Calls `watch` for every event from now on; the returned function stops it. A watcher must not throw and not wait. */
  subscribe(watch: (event: FeedEvent) => void): () => void;
  changed(change: Pick<CommittedChange, 'writes'>): void;
  /** The same log, telling watchers of each record once it is durable. */
  follow(log: EvidenceLog): EvidenceLog;
}

export function openFeed(): Feed {
  const watchers = new Set<(event: FeedEvent) => void>();
  const tell = (event: FeedEvent): void => {
    for (const watch of watchers) watch(event);
  };
  return {
    subscribe(watch) {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
    changed: ({ writes }) => tell({ kind: 'change', writes }),
    follow: (log) => ({
      ...log,
      async append(record, facts) {
        const receipt = await log.append(record, facts);
        tell({ kind: 'evidence' });
        return receipt;
      },
    }),
  };
}
