import type { z } from 'zod';
import { MandateError } from '../../core/errors.ts';

/**
 * The JSON text under which a value is stored. What could not be read back is never written.
 * @throws internal when the value is not of the schema: a fault of the caller, not of the store
 */
export function encode<T>(schema: z.ZodType<T>, value: T, what: string): string {
  const body = JSON.stringify(value);
  const read = schema.safeParse(JSON.parse(body));
  if (!read.success)
    throw new MandateError('internal', `A value that does not fit was about to be stored as ${what}.`, {
      cause: read.error,
    });
  return body;
}

/** @throws data.damaged naming the row when the text is not the JSON of such a value */
export function decode<T>(schema: z.ZodType<T>, body: string, what: string): T {
  const read = schema.safeParse(parse(body, what));
  if (!read.success) throw damagedRow(what, read.error);
  return read.data;
}

/** @param what the table and the key, e.g. `tasks tsk_…` */
export function damagedRow(what: string, cause?: unknown): MandateError {
  return new MandateError('data.damaged', `The store holds something that cannot be understood at ${what}.`, { cause });
}

function parse(body: string, what: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw damagedRow(what, cause);
  }
}
