import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../../core/json.ts';
import { writeStrictJson } from '../../standards/strict-json/write-json.ts';
import type { McpLimits } from './limits.ts';
import type { Refusal } from './refusal.ts';

/** Which of the two forms of an answer the client takes. */
export interface Accepts {
  readonly json: boolean;
  readonly stream: boolean;
}

/** The one answer to one POST. It is JSON, or an event stream from the first notification on. */
export interface Reply {
  /** Passes a notification on where the client takes a stream; drops it when the client is slow or had enough of them. */
  notify(method: string, params: JsonObject): void;
  /** Ends the exchange with this JSON-RPC message. Does nothing when the client is gone or was answered. */
  send(status: number, message: JsonObject, headers?: Readonly<Record<string, string>>): void;
  refuse(refusal: Refusal): void;
  /** 202 or 204 without a body. */
  acknowledge(status: 202 | 204): void;
  /** What a stream that has begun ends with when it is cut. */
  lastWords(message: JsonObject): void;
  /** Cuts the connection at once, whatever was written; only the last words still go out. */
  cut(): void;
}

/** RFC 9110 §12.5.1, without weights beyond `q=0`. No header means anything. */
export function acceptsOf(accept: string | undefined): Accepts {
  if (accept === undefined) return { json: true, stream: false };
  const ranges = accept
    .toLowerCase()
    .split(',')
    .filter((range) => !/;[\t ]*q[\t ]*=[\t ]*0(?:\.0*)?[\t ]*$/.test(range))
    .map((range) => range.split(';', 1)[0]?.trim() ?? '');
  return {
    json: ranges.some((range) => range === 'application/json' || range === 'application/*' || range === '*/*'),
    stream: ranges.includes('text/event-stream'),
  };
}

export function openReply(request: IncomingMessage, response: ServerResponse, limits: McpLimits): Reply {
  const accepts = acceptsOf(request.headers.accept);
  let streaming = false;
  let notified = 0;
  let last: JsonObject | null = null;

  function startStream(): void {
    streaming = true;
    // No proxy may hold events back, and no cache may keep them.
    response.writeHead(200, { ...COMMON_HEADERS, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  }

  function cut(): void {
    if (last !== null && streaming && !response.writableEnded && !response.destroyed) {
      const late = setTimeout(disconnect, LAST_WORDS_MS_MAX);
      response.once('close', () => clearTimeout(late));
      response.end(`data: ${writeStrictJson(last)}\n\n`, () => request.socket.destroySoon());
      return;
    }
    disconnect();
  }

  function disconnect(): void {
    // A pipelined answer has no socket of its own yet; the request always has one.
    request.socket.destroy();
    response.destroy();
  }

  function finish(text: string): void {
    const timer = setTimeout(disconnect, limits.write_ms_max);
    response.once('close', () => clearTimeout(timer));
    response.end(text);
    if (!request.complete) lingerOver(request);
  }

  function send(status: number, message: JsonObject, headers: Readonly<Record<string, string>> = {}): void {
    if (response.writableEnded || response.destroyed) return;
    const text = writeStrictJson(message);
    if (!streaming && !accepts.json && accepts.stream && status === 200) startStream();
    if (streaming) return finish(`data: ${text}\n\n`);
    response.writeHead(status, {
      ...COMMON_HEADERS,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    });
    finish(text);
  }

  return {
    notify(method, params) {
      if (!accepts.stream || response.writableEnded || response.destroyed) return;
      notified += 1;
      if (notified > limits.relayed_notifications_max) return;
      if (!streaming) startStream();
      if (response.writableLength > limits.stream_buffer_bytes_max) return;
      // Written JSON has no line breaks, so one event is one line.
      response.write(`data: ${writeStrictJson({ jsonrpc: '2.0', method, params })}\n\n`);
    },
    send,
    refuse: ({ status, code, message, data, id, headers }) =>
      send(
        status,
        { jsonrpc: '2.0', id: id ?? null, error: { code, message, ...(data === undefined ? {} : { data }) } },
        headers,
      ),
    acknowledge(status) {
      if (response.writableEnded || response.destroyed) return;
      response.writeHead(status, COMMON_HEADERS);
      finish('');
    },
    lastWords: (message) => {
      last = message;
    },
    cut,
  };
}

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** A client that does not read them is cut off without; nothing outlives a revocation by a second. */
const LAST_WORDS_MS_MAX = 250;

/** A client that still sends reads its answer only after a moment; then the rest of its body is not waited for. */
const LINGER_MS = 1_000;

function lingerOver(request: IncomingMessage): void {
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  const settle = (): void => clearTimeout(timer);
  request.once('end', settle).once('close', settle);
}
