import { isMandateError, MandateError } from '../../core/errors.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import { eraOfAnswer, initializeParams, revisionOf } from './handshake.ts';
import type { Link } from './link.ts';
import { metaOf, modernEnvelope, notificationText, progress, requestText, type ClientInfo } from './request-text.ts';
import type { StdioChannel } from './stdio-channel.ts';

/**
 * Asks a fresh process which era it speaks. Many legacy servers answer with an error, some exit, some never answer:
 * `undefined` stands for the last two, and the process is of no more use.
 */
export async function discoverStdioEra(
  channel: StdioChannel,
  client: ClientInfo,
  signal: AbortSignal,
): Promise<Era | undefined> {
  try {
    const answer = await channel.ask({ signal, ...SILENT }, (id) =>
      requestText(id, 'server/discover', '{}', modernEnvelope(client)),
    );
    return eraOfAnswer(answer);
  } catch (error) {
    if (isMandateError(error)) return undefined;
    throw error;
  }
}

/** A channel that can be called at once: modern ones need nothing, legacy ones are initialised. */
export async function openStdioLink(
  channel: StdioChannel,
  era: Era,
  client: ClientInfo,
  signal: AbortSignal,
): Promise<Link> {
  if (era === 'legacy') await initialize(channel, client, signal);
  return {
    era,
    usable: () => channel.usable(),
    request: (out) =>
      channel.ask(out, (id) => {
        const own = { ...(era === 'modern' ? modernEnvelope(client) : {}), ...progress(out, id) };
        return requestText(id, out.method, out.params, metaOf(out.meta, own));
      }),
    close: () => channel.close(),
  };
}

async function initialize(channel: StdioChannel, client: ClientInfo, signal: AbortSignal): Promise<void> {
  const answer = await channel.ask({ signal, ...SILENT }, (id) =>
    requestText(id, 'initialize', initializeParams(client), {}),
  );
  const revision = revisionOf(answer);
  if (revision instanceof MandateError) throw revision;
  channel.tell(notificationText('notifications/initialized', {}));
}

const SILENT = { onWrite: () => undefined, onNotification: () => undefined, onServerRequest: () => undefined };
