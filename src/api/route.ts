import { z, type RouteConfig } from '@hono/zod-openapi';
import type { ZodType } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../core/errors.ts';
import { SLUG } from '../core/ids.ts';
import { toRfc3339, type Instant } from '../core/instant.ts';
import { PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from '../ports/page.ts';

/** The id of an actor, server or environment. */
export const slug = z
  .string()
  .regex(SLUG, 'must be lower-case letters, digits and dashes, at most 31, starting with a letter');

/** An id that Mandate made. */
export function recordIdOf(prefix: string): z.ZodString {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`), `must be an id that starts with ${prefix}_`);
}

/** RFC 3339 in UTC. */
export const time = z.string().openapi({ format: 'date-time' });
export const reasonText = z.string().max(4000);

export function when(at: Instant): string {
  return toRfc3339(at);
}
export function whenOrNull(at: Instant | null): string | null {
  return at === null ? null : toRfc3339(at);
}

export function list<T extends ZodType>(item: T): z.ZodReadonly<z.ZodArray<T>> {
  return z.array(item).readonly();
}

/** `{items, next_cursor}`, newest first. */
export function pageOf<T extends ZodType>(item: T) {
  return z.object({ items: list(item), next_cursor: z.string().nullable() });
}

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(PAGE_ITEMS_MAX).default(PAGE_ITEMS_DEFAULT),
  cursor: z.string().min(1).max(512).optional(),
};

export function pageRequest(query: { readonly limit: number; readonly cursor?: string | undefined }): {
  readonly limit: number;
  readonly cursor: string | null;
} {
  return { limit: query.limit, cursor: query.cursor ?? null };
}

/** A JSON body; its schema is strict, so that a misspelt field is refused and not ignored. */
export function jsonBody<T extends ZodType>(schema: T) {
  return { required: true as const, content: { 'application/json': { schema } } };
}

/** For a route that takes nothing: what is sent all the same must be empty. */
export const emptyBody = { content: { 'application/json': { schema: z.strictObject({}) } } };

/** The documented answers of a route: this one, or a problem. */
export function answers(schema: ZodType, description: string, status = 200): RouteConfig['responses'] {
  return { [status]: { description, content: { 'application/json': { schema } } }, default: PROBLEM };
}

/** The members that were sent: JSON has no undefined, which exactOptionalPropertyTypes tells apart from absent. */
export function sent<T extends object>(body: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return body as { [K in keyof T]: Exclude<T[K], undefined> }; // parsed from JSON, see above
}

export const ended = z
  .object({ tasks: z.number(), credentials: z.number(), approvals: z.number(), streams: z.number() })
  .openapi('Ended');

const CODES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]; // the keys of a literal that is not empty

const PROBLEM = {
  description: 'Refused or failed; `code` is from a closed list.',
  content: {
    'application/problem+json': {
      schema: z
        .object({
          type: z.string(),
          title: z.string(),
          status: z.number(),
          detail: z.string(),
          code: z.enum(CODES),
          at: z.string().optional(),
        })
        .openapi('Problem'),
    },
  },
};
