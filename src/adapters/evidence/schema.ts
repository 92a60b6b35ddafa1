import type { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';

/** `pragma user_version` of the file. */
export const EVIDENCE_SCHEMA_VERSION = 1;

/**
 * `bytes` is the exact text that is hashed; the columns after it are its projection. Newest first is `rowid desc`: the
 * order of writing, whatever the clock did. `unanswered` holds the allowed decisions that wait for their outcome, so that
 * a start finds them without reading the log; it too can be computed from the bytes and is checked against them.
 */
export const EVIDENCE_SCHEMA = `
create table entries (
  org_id text not null, chain_id text not null, seq integer not null,
  prev blob not null, hash blob not null, bytes text not null,
  kind text not null, record_id text not null, at text not null,
  actor text, task text, server text, tool text, effect text, of_id text,
  primary key (org_id, chain_id, seq)
) strict;
create unique index entries_record on entries (org_id, record_id);
create index entries_at on entries (org_id, at);
create index entries_effect on entries (org_id, effect);
create index entries_actor on entries (org_id, actor) where actor is not null;
create index entries_task on entries (org_id, task) where task is not null;
create index entries_of on entries (org_id, of_id) where of_id is not null;
create index entries_change on entries (org_id) where kind = 'change';
create index entries_signal on entries (org_id) where kind = 'signal';
create table sealed_facts (
  org_id text not null, record_id text not null, nonce blob not null, ciphertext blob not null,
  primary key (org_id, record_id)
) strict, without rowid;
create table unanswered (
  org_id text not null, record_id text not null,
  primary key (org_id, record_id)
) strict, without rowid;
`;

/**
 * Makes the tables in an empty file.
 * @throws data.newer, data.damaged
 */
export function prepareSchema(db: DatabaseSync): void {
  const version = schemaVersion(db);
  if (version === EVIDENCE_SCHEMA_VERSION) return;
  if (version > EVIDENCE_SCHEMA_VERSION) {
    throw new MandateError(
      'data.newer',
      `The audit log has schema ${version}; this version knows ${EVIDENCE_SCHEMA_VERSION}.`,
    );
  }
  if (db.prepare('select 1 from sqlite_schema limit 1').get() !== undefined) {
    throw new MandateError('data.damaged', 'The audit log file holds something else.');
  }
  db.exec(`begin immediate; ${EVIDENCE_SCHEMA} pragma user_version = ${EVIDENCE_SCHEMA_VERSION}; commit`);
}

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('pragma user_version').get()?.['user_version']);
}
