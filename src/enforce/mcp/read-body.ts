import type { IncomingMessage } from 'node:http';
import { httpRefusal, type Refusal } from './refusal.ts';
import type { McpLimits } from './limits.ts';

export type Body =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The client went away. */
  | { readonly kind: 'gone' };

/** What the head says about the body and the answer; null when it is acceptable. */
export function bodyHeadFault(request: IncomingMessage, limits: Pick<McpLimits, 'body_bytes_max'>): Refusal | null {
  const { headers } = request;
  if (!isJson(headers['content-type'])) {
    return httpRefusal(415, 'input.invalid', 'Content-Type must be application/json in UTF-8.');
  }
  // Nothing is inflated here, so nothing can inflate beyond the limit.
  if (headers['content-encoding'] !== undefined) {
    return httpRefusal(415, 'input.invalid', 'An encoded body is not accepted; send plain JSON.', {
      'accept-encoding': 'identity',
    });
  }
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    return httpRefusal(400, 'input.invalid', 'The only transfer coding is chunked.');
  }
  if (Number(headers['content-length'] ?? 0) > limits.body_bytes_max) return tooLarge(limits);
  return null;
}

/** The whole body within its limits of size and time. */
export function readBody(
  request: IncomingMessage,
  limits: Pick<McpLimits, 'body_bytes_max' | 'body_ms_max'>,
): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (body: Body): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      // A late failure of the socket concerns nobody any more, but must not be without a listener.
      request.on('error', () => undefined);
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > limits.body_bytes_max) return settle({ kind: 'refused', refusal: tooLarge(limits) });
      chunks.push(chunk);
    };
    const onEnd = (): void =>
      settle({ kind: 'read', bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
    const onGone = (): void => settle({ kind: 'gone' });
    const timer = setTimeout(() => {
      settle({ kind: 'refused', refusal: httpRefusal(408, 'input.invalid', 'The body did not arrive in time.') });
    }, limits.body_ms_max);
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

function tooLarge(limits: Pick<McpLimits, 'body_bytes_max'>): Refusal {
  return httpRefusal(413, 'input.too_large', `The body is larger than ${limits.body_bytes_max} bytes.`);
}

/** RFC 9110 §8.3.1: type and subtype without case; the one parameter that is understood is charset=utf-8. */
function isJson(contentType: string | undefined): boolean {
  return (
    contentType !== undefined &&
    /^application\/json[\t ]*(?:;[\t ]*charset[\t ]*=[\t ]*"?utf-8"?[\t ]*)?$/i.test(contentType)
  );
}
