import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { MandateError } from '../core/errors.ts';
import { STRICT_JSON_LIMITS } from '../standards/strict-json/limits.ts';
import { parseStrictJson } from '../standards/strict-json/parse-strict.ts';
import { problemResponse } from './problem.ts';

export const BODY_BYTES_MAX = 256 * 1024;

/** Refuses a body over BODY_BYTES_MAX, also one that does not say how long it is. */
export const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: BODY_BYTES_MAX,
  onError: (c) =>
    problemResponse(c, new MandateError('input.too_large', `A body has at most ${BODY_BYTES_MAX} bytes.`)),
});

/** Refuses a body that two JSON readers could understand differently; after it, any reader reads the same value. */
export const strictBody: MiddlewareHandler = async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  if (bytes.length > 0) {
    const read = parseStrictJson(bytes, { ...STRICT_JSON_LIMITS, bytes_max: BODY_BYTES_MAX });
    if (!read.ok) throw new MandateError('input.json', read.message, { at: `byte ${read.offset}` });
  }
  await next();
};
