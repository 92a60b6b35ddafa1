/** A few named texts of the installation itself, such as its epoch. Not records: no versions, no outbox. */
export interface Meta {
  /** Undefined when it was never set. */
  get(name: string): Promise<string | undefined>;
  /** Durable when it resolves. */
  set(name: string, value: string): Promise<void>;
}
