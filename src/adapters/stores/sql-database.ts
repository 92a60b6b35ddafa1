import type { Kysely, Transaction } from 'kysely';
import { MandateError } from '../../core/errors.ts';
import type { Tables } from './schema.ts';

/** One organisation's view of a SQL database; what the ports below are written against, whatever the dialect. */
export interface SqlDatabase {
  readonly org_id: string;
  readonly read: <T>(work: (db: Kysely<Tables>) => Promise<T>) => Promise<T>;
  /** All of it or, when `work` throws, nothing. Durable when it resolves. */
  readonly write: <T>(work: (trx: Transaction<Tables>) => Promise<T>) => Promise<T>;
  /** Lets what was begun finish; later calls throw store.unavailable. */
  readonly close: () => Promise<void>;
}

/** @param fault what the dialect makes of an error of its database */
export function sqlDatabase(db: Kysely<Tables>, org_id: string, fault: (error: unknown) => unknown): SqlDatabase {
  const running = new Set<Promise<unknown>>();
  let closed = false;

  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (closed) throw new MandateError('store.unavailable', 'The store is closed.');
    const result = work();
    running.add(result);
    try {
      return await result;
    } catch (error) {
      throw fault(error);
    } finally {
      running.delete(result);
    }
  }

  return {
    org_id,
    read: (work) => run(() => work(db)),
    write: (work) => run(() => db.transaction().execute(work)),
    async close() {
      closed = true;
      await Promise.allSettled(running);
      await db.destroy();
    },
  };
}
