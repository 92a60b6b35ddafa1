/**
 * One step of the schema, forward only. Once released it never changes: databases record its hash. The statements keep
 * to what SQLite and Postgres share. (Keys compare by code unit everywhere: a Postgres database is created with
 * `LC_COLLATE 'C'`.)
 */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}
