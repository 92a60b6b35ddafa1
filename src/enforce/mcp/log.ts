/** A log that takes stable fields and a sentence, such as pino. */
export interface Log {
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}
