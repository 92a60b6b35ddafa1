import type { EvidenceRecord } from '../core/evidence.ts';
import type { CommittedChange } from '../ports/changes.ts';
import type { EvidenceLog, EvidenceReceipt } from '../ports/evidence-log.ts';

/** Something that just became true, for those who watch. Watching never slows or fails what is watched. */
export type FeedEvent =
  | { readonly kind: 'evidence'; readonly record: EvidenceRecord; readonly receipt: EvidenceReceipt }
  | { readonly kind: 'change'; readonly change: CommittedChange };

export interface Feed {
  /** Calls `watch` for every event from now on; the returned function stops it. A watcher must not throw and not wait. */
  subscribe(watch: (event: FeedEvent) => void): () => void;
  changed(change: CommittedChange): void;
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
    changed: (change) => tell({ kind: 'change', change }),
    follow: (log) => ({
      ...log,
      async append(record, facts) {
        const receipt = await log.append(record, facts);
        tell({ kind: 'evidence', record, receipt });
        return receipt;
      },
    }),
  };
}
