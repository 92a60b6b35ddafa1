import { ERROR_CODES, MandateError, type ErrorCode } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { readAddress } from './address-file.ts';
import type { ApiOptions, DataOption } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { findToken, isLoopback, type Token } from './token.ts';

/** Longest wait for an answer: registering a server starts it and lists its tools first. */
export const ANSWER_MS_MAX = 120_000;
/** Largest answer: a page of 500 of the largest things. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const PAGE_ITEMS_MAX = 500;
export const DEFAULT_URL = 'http://127.0.0.1:7373';

export type Query = Readonly<Record<string, string | undefined>>;

/**
 * The control API as one caller; a `token` given with a call is another caller's. `T` is the shape that the API's
 * description promises; what a command cannot do without it still looks at (field.ts).
 * Every method throws the server's own coded error, or `upstream.*` when there is no answer of Mandate's.
 */
export interface Client {
  readonly url: string;
  get<T = JsonObject>(path: string, token?: string): Promise<T>;
  post<T = JsonObject>(path: string, body?: unknown, token?: string): Promise<T>;
  patch<T = JsonObject>(path: string, body: unknown): Promise<T>;
  delete<T = JsonObject>(path: string, body: unknown): Promise<T>;
  /** The newest `limit` items, over as many pages as that takes; `more` when there are older ones. */
  list(path: string, query: Query, limit: number): Promise<Listed>;
}

export interface Listed {
  readonly items: readonly JsonObject[];
  readonly more: boolean;
}

/** The client of a command: address and credential as its options and the environment say. */
export function connect(options: ApiOptions): Client {
  const url = apiUrl(options);
  return clientFor(url, findToken(new URL(url), dataDirectory(options), options.as));
}

/** The client of a credential; without one, every call that needs one says where it could come from. */
export function clientFor(url: string, token: Token): Client {
  return openClient(
    token.secret === null ? { url, token: null, missing: token.missing } : { url, token: token.secret },
  );
}

/** `MANDATE_URL`, else where the server of the data directory listens, else the default. @throws input.invalid when it is no address that may be trusted */
export function apiUrl(options: DataOption): string {
  const text = process.env['MANDATE_URL'] || (readAddress(dataDirectory(options)) ?? DEFAULT_URL);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new MandateError('input.invalid', 'MANDATE_URL is not an http or https address.');
  }
  if (url.username !== '' || url.password !== '')
    throw new MandateError('input.invalid', 'MANDATE_URL holds a password; use MANDATE_TOKEN.');
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new MandateError(
      'upstream.protocol',
      `${url.origin} is another machine without TLS: no credential is sent there. Use https.`,
    );
  }
  return url.origin + url.pathname.replace(/\/$/, '');
}

/** @param token null for the calls that come before there is one: sign-in and login */
export function openClient(options: {
  readonly url: string;
  readonly token: string | null;
  readonly missing?: MandateError;
}): Client {
  const url = options.url.replace(/\/$/, '');
  const call = async <T>(method: string, path: string, body: unknown, token: string | null): Promise<T> => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== null) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    // A redirect could carry the credential elsewhere.
    const init: RequestInit = { method, headers, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) };
    if (body !== undefined) init.body = JSON.stringify(body);
    try {
      const response = await fetch(url + path, init);
      return answerOf(response, await textOf(response), url) as T; // as the interface says: what the API's description promises
    } catch (fault) {
      const error = unreached(fault, url);
      throw error.code === 'auth.missing' ? (options.missing ?? error) : error;
    }
  };
  return {
    url,
    get: (path, token) => call('GET', path, undefined, token ?? options.token),
    post: (path, body = {}, token) => call('POST', path, body, token ?? options.token),
    patch: (path, body) => call('PATCH', path, body, options.token),
    delete: (path, body) => call('DELETE', path, body, options.token),
    async list(path, query, limit) {
      const items: JsonObject[] = [];
      let cursor: string | undefined;
      do {
        const wanted = { ...query, limit: String(Math.min(limit - items.length, PAGE_ITEMS_MAX)), cursor };
        const page = await call<JsonObject>('GET', withQuery(path, wanted), undefined, options.token);
        items.push(...itemsOf(page, url));
        const next = page['next_cursor'];
        cursor = typeof next === 'string' ? next : undefined;
      } while (cursor !== undefined && items.length < limit);
      return { items, more: cursor !== undefined };
    },
  };
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** One segment of a path, whatever is in it. */
export function segment(id: string): string {
  if (id === '' || id === '.' || id === '..') throw new MandateError('input.invalid', 'An id is needed.');
  return encodeURIComponent(id);
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const part = chunk as Uint8Array; // fetch bodies are bytes; Node's type leaves it open
    size += part.length;
    if (size > ANSWER_BYTES_MAX)
      throw new MandateError('upstream.too_large', `Mandate answered with more than ${ANSWER_BYTES_MAX} bytes.`);
    parts.push(part);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
}

function answerOf(response: Response, text: string, url: string): JsonObject {
  if (response.status === 204) return {};
  const value = jsonOf(text);
  if (response.ok && isJsonObject(value)) return value;
  const code = isJsonObject(value) ? value['code'] : undefined;
  if (!isJsonObject(value) || typeof code !== 'string') {
    throw new MandateError('upstream.protocol', `What answers at ${url} is not Mandate (status ${response.status}).`);
  }
  const sentence = typeof value['detail'] === 'string' ? value['detail'] : undefined;
  const at = value['at'];
  if (!Object.hasOwn(ERROR_CODES, code)) {
    throw new MandateError(
      'upstream.protocol',
      `Mandate answered with a code this version does not know: ${code}. ${sentence ?? ''}`.trim(),
    );
  }
  throw new MandateError(code as ErrorCode, sentence, typeof at === 'string' ? { at } : {}); // hasOwn above
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // JSON.parse gives nothing else
  } catch {
    return undefined; // not JSON is not Mandate: said by the caller
  }
}

function itemsOf(page: JsonObject, url: string): readonly JsonObject[] {
  const items = page['items'];
  if (Array.isArray(items) && items.every(isJsonObject)) return items as readonly JsonObject[]; // every() checked
  throw new MandateError('upstream.protocol', `What answers at ${url} did not answer with a list.`);
}

/** Why there was no answer, in words. */
function unreached(fault: unknown, url: string): MandateError {
  if (fault instanceof MandateError) return fault;
  const error = fault instanceof Error ? fault : new Error(String(fault));
  if (error.name === 'TimeoutError') {
    return new MandateError(
      'upstream.timeout',
      `Mandate at ${url} did not answer within ${ANSWER_MS_MAX / 1000} seconds.`,
      { cause: fault },
    );
  }
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code === 'ECONNREFUSED') {
    return new MandateError('upstream.unreachable', `Nothing listens at ${url}; is \`mandate serve\` running there?`, {
      cause: fault,
    });
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new MandateError('upstream.unreachable', `The certificate of ${url} is not trusted (${code}).`, {
      cause: fault,
    });
  }
  return new MandateError('upstream.unreachable', `${url} cannot be reached: ${cause.message || code}.`, {
    cause: fault,
  });
}
