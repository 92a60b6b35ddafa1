import type { Noun } from '../../core/change.ts';
import { damagedRow, decode } from './encoding.ts';
import { RECORD_SCHEMAS, type ValueOf } from './record-schemas.ts';
import type { Tables } from './schema.ts';

type Columns = Readonly<Record<string, string | number | null>>;

interface NounTable<N extends Noun> {
  readonly table: keyof Tables;
  /** Without `org_id`, which is the first in every key. */
  readonly key: (value: ValueOf<N>) => Columns;
  /** What queries filter and sort by, beside the key. */
  readonly columns: (value: ValueOf<N>) => Columns;
}

/** Where each noun is stored. */
export const NOUN_TABLES: { readonly [N in Noun]: NounTable<N> } = {
  actor: {
    table: 'actors',
    key: ({ id }) => ({ id }),
    columns: ({ kind, lifecycle, created_at }) => ({ kind, lifecycle, created_at }),
  },
  server: { table: 'servers', key: ({ id }) => ({ id }), columns: ({ created_at }) => ({ created_at }) },
  tool: { table: 'tools', key: ({ server, name }) => ({ server, name: toolKey(name) }), columns: () => ({}) },
  task: { table: 'tasks', key: ({ id }) => ({ id }), columns: ({ agent, state }) => ({ agent, state }) },
  approval: { table: 'approvals', key: ({ id }) => ({ id }), columns: ({ agent, state }) => ({ agent, state }) },
  credential: {
    table: 'credentials',
    key: ({ id }) => ({ id }),
    columns: ({ kind, hash, actor, task, ended_at }) => ({ kind, hash, actor, task, ended: ended_at === null ? 0 : 1 }),
  },
  policy_set: { table: 'policy_sets', key: ({ serial }) => ({ serial }), columns: ({ state }) => ({ state }) },
};

/**
 * A tool's name as it stands in a key. Names are untrusted and may hold NUL and lone surrogates, which databases refuse
 * or replace; escaped as in JSON, every name is a different plain text and ordinary ones are themselves.
 */
export function toolKey(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}

/**
 * The value of a row.
 * @throws data.damaged when the body does not parse, or the columns beside it say something else
 */
export function readRecord<N extends Noun>(noun: N, row: { readonly body: string }): ValueOf<N> {
  const { table, key, columns } = NOUN_TABLES[noun];
  const shown: Readonly<Record<string, unknown>> = { ...row };
  const what = `${table} ${keyText(shown)}`;
  const value = decode<ValueOf<N>>(RECORD_SCHEMAS[noun], row.body, what);
  const expected = { ...key(value), ...columns(value), version: value.version };
  const differs = Object.entries(expected).find(([column, content]) => shown[column] !== content);
  if (differs !== undefined) throw damagedRow(`${what} (${differs[0]})`);
  return value;
}

/** The key of a row as a person would write it, for an error. */
function keyText(row: Readonly<Record<string, unknown>>): string {
  const parts = [row['id'], row['serial'], row['server'], row['name']];
  return parts.filter((part) => typeof part === 'string' || typeof part === 'number').join('/');
}
