import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import { isMandateError, type MandateError } from '../../core/errors.ts';
import { HEADER, isSessionId } from '../../standards/mcp/header.ts';
import type { McpMessage } from '../../standards/mcp/message.ts';
import { openSseReader, type SseReader } from '../../standards/sse/read-sse.ts';
import { offProtocol, stopped, tooLarge, unreachable } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import { readAnswer } from './read-answer.ts';

/** One HTTP request to an MCP endpoint. */
export interface Post {
  readonly pool: Pool;
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly limits: UpstreamLimits;
  readonly signal: AbortSignal;
  /** Right before the first byte is written. */
  onWrite(): void;
  /** Each message of the body, in order. `done` when it was the one that was waited for. */
  onMessage(message: McpMessage, bytes: number): 'more' | 'done';
}

export interface Reply {
  readonly status: number;
  readonly session: string | undefined;
  /** Whether `onMessage` said `done`; else the body ended, or had nothing that is a message. */
  readonly done: boolean;
}

/**
 * Sends one request and reads its answer as it comes, JSON or an event stream, within the limits. Redirects, compressed
 * bodies and heads with two readings are refused. Rejects with upstream.* or with what `onWrite` threw.
 */
export function exchange(post: Post): Promise<Reply> {
  const { limits, signal } = post;
  return new Promise<Reply>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let started = false;
    let settled = false;
    let status = 0;
    let session: string | undefined;
    let body: Body | undefined;
    let bytes = 0;
    let timer: NodeJS.Timeout | undefined;

    const onAbort = (): void => fail(stopped(signal.reason, started));
    signal.addEventListener('abort', onAbort, { once: true });

    function settle(): boolean {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      return true;
    }

    function fail(error: unknown): void {
      if (settle()) reject(error instanceof Error ? error : new TypeError('a reason that is no error'));
      if (controller !== undefined && !controller.aborted) controller.abort(new Error('no longer waited for'));
    }

    /** Answered: what still comes is read away for a moment, so that the connection can be used again. */
    function succeed(done: boolean): void {
      if (!settle()) return;
      timer = setTimeout(() => controller?.abort(new Error('the answer is complete')), DRAIN_MS_MAX);
      timer.unref();
      resolve({ status, session, done });
    }

    function take(message: McpMessage | MandateError, size: number): void {
      if (settled) return;
      if (isMandateError(message)) return fail(message);
      try {
        if (post.onMessage(message, size) === 'done') succeed(true);
      } catch (error) {
        fail(error);
      }
    }

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(given) {
        controller = given;
        if (settled) return given.abort(new Error('no longer waited for'));
        try {
          post.onWrite();
        } catch (error) {
          return fail(error);
        }
        started = true;
      },
      onResponseStart(_given, code, headers) {
        if (settled || code < 200) return;
        const refused = refusalOf(code, headers);
        if (refused !== undefined) return fail(refused);
        status = code;
        session = sessionOf(headers);
        body = bodyOf(code, typeOf(headers), limits, take);
        if (body === undefined)
          return fail(offProtocol('The server answered with a type of content that MCP does not have.', RAN));
        rearm();
      },
      onResponseData(_given, chunk) {
        bytes += chunk.length;
        if (bytes > limits.answer_bytes_max)
          return fail(tooLarge(`The server answered with more than ${limits.answer_bytes_max} bytes.`, RAN));
        if (settled) return;
        rearm();
        const refused = body?.push(chunk);
        if (refused !== undefined) fail(refused);
      },
      onResponseEnd() {
        clearTimeout(timer);
        if (settled) return;
        body?.end();
        succeed(false);
      },
      onResponseError(_given, error) {
        clearTimeout(timer);
        fail(faultOf(error, started));
      },
    };

    function rearm(): void {
      if (body?.idle_ms_max === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(() => fail(stopped('timeout', true)), body.idle_ms_max);
    }

    if (signal.aborted) return onAbort();
    const { method, path, headers } = post;
    // Deadlines are the signal's; undici's own would be a second, coarser opinion.
    post.pool.dispatch({ method, path, headers, body: post.body, headersTimeout: 0, bodyTimeout: 0 }, handler);
  });
}

const RAN = { may_have_run: true };
const DRAIN_MS_MAX = 1_000;

interface Body {
  readonly idle_ms_max: number | undefined;
  push(chunk: Uint8Array): MandateError | undefined;
  end(): void;
}

/** How to read the body; undefined when it cannot be read. */
function bodyOf(
  status: number,
  type: string | undefined,
  limits: UpstreamLimits,
  take: (message: McpMessage | MandateError, bytes: number) => void,
): Body | undefined {
  if (status === 202 || status === 204) return IGNORED_BODY;
  if (type === 'application/json') return jsonBody(status, limits, take);
  if (type === 'text/event-stream' && status === 200) return streamBody(limits, take);
  return status >= 400 ? IGNORED_BODY : undefined;
}

const IGNORED_BODY: Body = { idle_ms_max: undefined, push: () => undefined, end: () => undefined };

function jsonBody(
  status: number,
  limits: UpstreamLimits,
  take: (message: McpMessage | MandateError, bytes: number) => void,
): Body {
  const chunks: Uint8Array[] = [];
  return {
    idle_ms_max: limits.body_idle_ms_max,
    push(chunk) {
      chunks.push(chunk);
      return undefined;
    },
    end() {
      const whole = Buffer.concat(chunks);
      const message = readAnswer(whole, limits);
      // With an error status a body that is no message says no more than the status does.
      if (status >= 400 && isMandateError(message)) return;
      take(message, whole.length);
    },
  };
}

function streamBody(limits: UpstreamLimits, take: (message: McpMessage | MandateError, bytes: number) => void): Body {
  const size = { line_bytes_max: limits.answer_bytes_max, event_bytes_max: limits.answer_bytes_max };
  const reader: SseReader = openSseReader(size, ({ event, data }) => {
    // An event without data only carries an id, to resume from.
    if (event === 'message' && data.length > 0) take(readAnswer(data, limits), data.length);
  });
  return {
    idle_ms_max: undefined, // a stream may be silent while the server works; the call's deadline stands
    push(chunk) {
      return reader.push(chunk).ok ? undefined : tooLarge('The server sent an event that is larger than allowed.', RAN);
    },
    end: () => undefined,
  };
}

function refusalOf(status: number, headers: IncomingHttpHeaders): MandateError | undefined {
  if (status >= 300 && status < 400)
    return offProtocol(`The server answered with a redirect (HTTP ${status}); redirects are not followed.`, RAN);
  for (const name of ONCE) {
    if (Array.isArray(headers[name])) return offProtocol(`The server answered with the header ${name} twice.`, RAN);
  }
  // RFC 9112 §6.3: a message with both "ought to be handled as an error"; it is how responses are split.
  if (headers['content-length'] !== undefined && headers['transfer-encoding'] !== undefined) {
    return offProtocol('The server answered with both Content-Length and Transfer-Encoding.', RAN);
  }
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    return offProtocol('The server answered with a Transfer-Encoding other than chunked.', RAN);
  }
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity')
    return offProtocol('The server compressed its answer, which was not asked for.', RAN);
  return undefined;
}

const ONCE = [
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  HEADER.sessionId.toLowerCase(),
];

function typeOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['content-type'];
  return typeof given === 'string' ? given.split(';')[0]?.trim().toLowerCase() : undefined;
}

function sessionOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers[HEADER.sessionId.toLowerCase()];
  return typeof given === 'string' && isSessionId(given) ? given : undefined;
}

function faultOf(error: Error, started: boolean): MandateError {
  const may_have_run = started;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return stopped('ended', may_have_run);
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return tooLarge('The server answered with headers larger than allowed.', { may_have_run, cause: error });
  if (code.startsWith('HPE_') || code.startsWith('UND_ERR_RES_') || code === 'UND_ERR_INVALID_ARG') {
    return offProtocol('The server did not answer in correct HTTP.', { may_have_run, cause: error });
  }
  if (!started)
    return unreachable(`No connection to the server${code === '' ? '' : ` (${code})`}.`, {
      may_have_run,
      cause: error,
    });
  return unreachable('The connection broke before the server had answered.', { may_have_run, cause: error });
}
