import type { MandateError } from '../../core/errors.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { encodeHeaderValue, HEADER } from '../../standards/mcp/header.ts';
import { MODERN_REVISION, type Era } from '../../standards/mcp/revision.ts';
import { isMandateError } from '../../core/errors.ts';
import { offProtocol, unreachable } from './fault.ts';
import { ask, HttpStatus, legacyHeaders, tell, tellIfPossible, type Endpoint } from './http-channel.ts';
import { eraOfAnswer, initializeParams, revisionOf } from './handshake.ts';
import { exchange } from './http-exchange.ts';
import type { Link, LinkAnswer, LinkEvents, Outgoing } from './link.ts';
import {
  cancelText,
  metaOf,
  modernEnvelope,
  notificationText,
  progress,
  requestText,
  type ClientInfo,
} from './request-text.ts';
import { openStop } from './stop.ts';

/**
 * Which era the server speaks: it is asked `server/discover`, which legacy servers do not know.
 * @throws upstream.* when it gives no answer that tells
 */
export async function discoverEra(endpoint: Endpoint, client: ClientInfo, signal: AbortSignal): Promise<Era> {
  const method = 'server/discover';
  const text = requestText(0, method, '{}', modernEnvelope(client));
  const headers = { [HEADER.protocolVersion]: MODERN_REVISION, [HEADER.method]: method };
  try {
    const { answer } = await ask(
      endpoint,
      { id: 0, era: 'modern', text, headers, signal, ...SILENT },
      { onToolsChanged: () => undefined },
    );
    return eraOfAnswer(answer);
  } catch (error) {
    if (!(error instanceof HttpStatus)) throw error;
    // A legacy server refuses what it does not know with one of these; the rest says nothing about its era.
    if (error.status === 400 || error.status === 404 || error.status === 405 || error.status === 406) return 'legacy';
    throw faultOfStatus(error.status);
  }
}

/** Modern: nothing is kept between requests. `onWrongEra` is called when the server turns out to speak another one. */
export function openModernLink(
  endpoint: Endpoint,
  client: ClientInfo,
  events: LinkEvents,
  onWrongEra: () => void,
): Link {
  let lastId = 0;
  let wrong = false;

  async function request(out: Outgoing): Promise<LinkAnswer> {
    lastId += 1;
    const id = lastId;
    const text = requestText(
      id,
      out.method,
      out.params,
      metaOf(out.meta, { ...modernEnvelope(client), ...progress(out, id) }),
    );
    const headers = {
      ...out.param_headers,
      [HEADER.protocolVersion]: MODERN_REVISION,
      [HEADER.method]: out.method,
      ...(out.name === undefined ? {} : { [HEADER.name]: encodeHeaderValue(out.name) }),
    };
    try {
      const { answer } = await ask(endpoint, { ...out, id, era: 'modern', text, headers }, events);
      if (answer.kind === 'error' && answer.error.code === ERROR_CODE.unsupported_protocol_version) giveUp();
      return answer;
    } catch (error) {
      if (isTelling(error)) giveUp();
      throw error instanceof HttpStatus ? faultOfStatus(error.status) : error;
    }
  }

  /** It may have been replaced by a server of the other era. */
  function giveUp(): void {
    wrong = true;
    onWrongEra();
  }

  return { era: 'modern', usable: () => !wrong, request, close: () => Promise.resolve() };
}

/**
 * Legacy: one session, begun here.
 * @throws upstream.protocol when the server does not begin one, or speaks no revision that we do
 */
export async function openLegacyLink(
  endpoint: Endpoint,
  client: ClientInfo,
  events: LinkEvents,
  signal: AbortSignal,
): Promise<Link> {
  const { revision, session } = await initialize(endpoint, client, events, signal);
  const headers = legacyHeaders(revision, session);
  let lastId = 0;
  let over = false; // not to be used again
  let gone = false; // nor to be ended
  let closing: Promise<void> | undefined;

  async function request(out: Outgoing): Promise<LinkAnswer> {
    lastId += 1;
    const id = lastId;
    const text = requestText(id, out.method, out.params, metaOf(out.meta, progress(out, id)));
    let written = false;
    const onWrite = (): void => {
      out.onWrite();
      written = true;
    };
    try {
      const { answer, status } = await ask(endpoint, { ...out, id, era: 'legacy', text, headers, onWrite }, events);
      if (status === 404 && session !== undefined) throw new HttpStatus(status); // often with an error of its own in the body
      if (status >= 400) over = true; // for example, a session that it no longer knows
      return answer;
    } catch (error) {
      if (written && out.signal.aborted) void tellIfPossible(endpoint, cancelText(id), headers);
      if (error instanceof HttpStatus) throw endedOr(error.status);
      throw error;
    }
  }

  /** 2025-11-25: 404 to a request with a session means that the session is over. The call is not repeated. */
  function endedOr(status: number): MandateError {
    over = true;
    gone = status === 404;
    if (status !== 404 || session === undefined) return faultOfStatus(status);
    return unreachable('The server ended the session; the next call begins another.', RAN);
  }

  async function goodbye(): Promise<void> {
    if (session === undefined || gone) return;
    const stop = openStop(endpoint.limits.goodbye_ms_max);
    const { pool, path, limits } = endpoint;
    await exchange({
      pool,
      path,
      limits,
      method: 'DELETE',
      headers,
      body: null,
      signal: stop.signal,
      onWrite: () => undefined,
      onMessage: () => 'done',
    })
      .catch(() => undefined) // a server need not offer DELETE, and may be gone
      .finally(() => stop.dispose());
    over = true;
  }

  return {
    era: 'legacy',
    usable: () => !over,
    request,
    close() {
      closing ??= goodbye();
      return closing;
    },
  };
}

async function initialize(
  endpoint: Endpoint,
  client: ClientInfo,
  events: LinkEvents,
  signal: AbortSignal,
): Promise<{ readonly revision: string; readonly session: string | undefined }> {
  const text = requestText(0, 'initialize', initializeParams(client), {});
  const { answer, session } = await ask(
    endpoint,
    { id: 0, era: 'legacy', text, headers: {}, signal, ...SILENT },
    events,
  ).catch(rethrow);
  const revision = revisionOf(answer);
  if (isMandateError(revision)) throw revision;
  const initialized = notificationText('notifications/initialized', {});
  await tell(endpoint, initialized, legacyHeaders(revision, session), signal).catch(rethrow);
  return { revision, session };
}

function faultOfStatus(status: number): MandateError {
  if (status === 401 || status === 403)
    return unreachable(`The server wants a credential that it was not given (HTTP ${status}).`, RAN);
  if (status >= 500 || status === 429) return unreachable(`The server answered with HTTP ${status}.`, RAN);
  return offProtocol(`The server answered with HTTP ${status}.`, RAN);
}

/** Faults that say something about the server, and not about the client or the permit. */
function isTelling(error: unknown): boolean {
  return error instanceof HttpStatus || (isMandateError(error) && TELLING.has(error.code));
}
const TELLING: ReadonlySet<string> = new Set(['upstream.unreachable', 'upstream.protocol']);

function rethrow(error: unknown): never {
  throw error instanceof HttpStatus ? faultOfStatus(error.status) : error;
}

const RAN = { may_have_run: true };
const SILENT = { onWrite: () => undefined, onNotification: () => undefined, onServerRequest: () => undefined };
