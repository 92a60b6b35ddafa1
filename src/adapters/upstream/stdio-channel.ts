import { isMandateError, MandateError } from '../../core/errors.ts';
import type { McpMessage, McpNotification, McpRequest } from '../../standards/mcp/message.ts';
import type { Child } from './child.ts';
import { offProtocol, stopped, tooLarge, unreachable } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import { openLines } from './lines.ts';
import type { LinkAnswer, LinkEvents, Outgoing } from './link.ts';
import { asJson, readAnswer } from './read-answer.ts';
import { openStop, raced } from './stop.ts';
import { cancelText, replyToServer } from './request-text.ts';

/** Requests and answers over the standard streams of one process. */
export interface StdioChannel {
  usable(): boolean;
  /** `text` makes the request for the id it is given. */
  ask(request: StdioRequest, text: (id: number) => string): Promise<LinkAnswer>;
  tell(text: string): void;
  close(): Promise<void>;
}

export type StdioRequest = Pick<Outgoing, 'signal' | 'onWrite' | 'onNotification' | 'onServerRequest'>;

interface Waiting {
  readonly request: StdioRequest;
  notified: number;
  settle(answer: LinkAnswer | MandateError): void;
}

export function openStdioChannel(child: Child, limits: UpstreamLimits, events: LinkEvents): StdioChannel {
  const waiting = new Map<number, Waiting>();
  const abandoned = new Set<number>(); // requests that nobody waits for any longer, but that may be answered
  let lastId = 0;
  let broken: MandateError | undefined;
  let chatter = { messages: 0, bytes: 0 };
  let asked = 0;

  const lines = openLines(limits.answer_bytes_max, (line) => {
    if (broken === undefined && line.length > 0) take(readAnswer(line, limits), line.length);
  });
  child.onData((chunk) => {
    if (broken !== undefined) return;
    if (!lines.push(chunk))
      fail(tooLarge(`The server wrote a line of more than ${limits.answer_bytes_max} bytes.`, RAN));
  });
  void farewell(child, limits.stop_grace_ms).then((how) => fail(unreachable(how, RAN)));

  /** The process can no longer be trusted to keep answers and requests together: it ends, with all that waits. */
  function fail(error: MandateError): void {
    if (broken !== undefined) return;
    broken = error;
    for (const entry of waiting.values()) entry.settle(error);
    void child.stop();
  }

  function ask(request: StdioRequest, text: (id: number) => string): Promise<LinkAnswer> {
    const { signal } = request;
    return new Promise<LinkAnswer>((resolve, reject) => {
      if (broken !== undefined) return reject(unreachable(broken.message, { may_have_run: false, cause: broken }));
      if (signal.aborted) return reject(stopped(signal.reason, false));
      if (child.unread() > limits.answer_bytes_max) {
        return reject(
          new MandateError('limit.reached', 'The server does not read what it is sent.', { may_have_run: false }),
        );
      }
      lastId += 1;
      const id = lastId;
      const line = `${text(id)}\n`;
      const onAbort = (): void => {
        abandon(id);
        settle(stopped(signal.reason, true));
      };
      function settle(answer: LinkAnswer | MandateError): void {
        waiting.delete(id);
        signal.removeEventListener('abort', onAbort);
        if (isMandateError(answer)) reject(answer);
        else resolve(answer);
      }
      request.onWrite(); // throws into the promise: nothing is written then
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.set(id, { request, notified: 0, settle });
      child.write(line);
    });
  }

  function abandon(id: number): void {
    abandoned.add(id);
    if (abandoned.size > ABANDONED_MAX) return fail(unreachable('The server left too many requests unanswered.', RAN));
    if (broken === undefined) tell(cancelText(id));
  }

  function tell(text: string): void {
    // Small, and only in answer to something: what the process does not read is bounded by `ask`.
    if (broken === undefined && child.unread() <= limits.answer_bytes_max) child.write(`${text}\n`);
  }

  function take(message: McpMessage | MandateError, bytes: number): void {
    if (isMandateError(message)) return fail(message);
    switch (message.kind) {
      case 'result':
        return answered(message.id, { kind: 'result', result: message.result, bytes });
      case 'error':
        return answered(message.id, { kind: 'error', error: message.error, bytes });
      case 'notification':
        return count(bytes) ? notified(message, bytes) : undefined;
      case 'request':
        return count(bytes) ? refuse(message) : undefined;
    }
  }

  function answered(id: string | number | null, answer: LinkAnswer): void {
    chatter = { messages: 0, bytes: 0 };
    asked = 0;
    const entry = typeof id === 'number' ? waiting.get(id) : undefined;
    if (entry !== undefined) return entry.settle(answer);
    if (typeof id === 'number' && abandoned.delete(id)) return;
    fail(offProtocol('The server answered a request that it was not asked.', RAN));
  }

  function count(bytes: number): boolean {
    chatter = { messages: chatter.messages + 1, bytes: chatter.bytes + bytes };
    if (chatter.messages <= limits.chatter_messages_max && chatter.bytes <= limits.chatter_bytes_max) return true;
    fail(tooLarge('The server talks without end and does not answer.', RAN));
    return false;
  }

  function notified({ method, params }: McpNotification, bytes: number): void {
    if (method === 'notifications/tools/list_changed') return events.onToolsChanged();
    if (bytes > limits.notification_bytes_max) return;
    const words = asJson(params);
    if (method === 'notifications/progress') {
      const { progressToken, ...rest } = words;
      return handOn(typeof progressToken === 'number' ? waiting.get(progressToken) : undefined, method, rest);
    }
    // A log line names no request; it is handed on only where there is no doubt whose it is.
    if (method === 'notifications/message') handOn(onlyOne(), method, words);
  }

  function handOn(entry: Waiting | undefined, method: string, params: Parameters<Outgoing['onNotification']>[1]): void {
    if (entry === undefined) return;
    entry.notified += 1;
    if (entry.notified <= limits.notifications_per_request_max) entry.request.onNotification(method, params);
  }

  function onlyOne(): Waiting | undefined {
    const [first] = waiting.values();
    return waiting.size === 1 ? first : undefined;
  }

  function refuse(request: McpRequest): void {
    if (request.method === 'ping') return tell(replyToServer(request));
    asked += 1;
    if (asked > limits.server_requests_max) return fail(offProtocol('The server asks too much of its client.', RAN));
    tell(replyToServer(request));
    // It names no request of ours either: the one begun last is the likeliest cause, and it is recorded there.
    [...waiting.values()].at(-1)?.request.onServerRequest(request.method, asJson(request.params));
  }

  return {
    usable: () => broken === undefined,
    ask,
    tell,
    async close() {
      broken ??= stopped('ended', true);
      for (const entry of waiting.values()) entry.settle(broken);
      await child.stop();
    },
  };
}

const RAN = { may_have_run: true };
const ABANDONED_MAX = 100;

/** Resolves when the process is of no more use: what it said last was taken first, where that comes in time. */
async function farewell(child: Child, grace_ms: number): Promise<string> {
  await Promise.race([child.exited, child.outputEnded]);
  const stop = openStop(grace_ms);
  await raced(Promise.all([child.exited, child.drained]), stop.signal).catch(() => undefined); // whoever holds its pipes is not waited for
  stop.dispose();
  if (!child.hasExited()) return 'The server closed its standard output.';
  // A stack trace, on the one line that a fault has.
  const complaint = child
    .complaint()
    .trim()
    .replace(/\s*\n\s*/g, ' / ');
  const said = complaint === '' ? '' : ` It said: ${complaint.slice(-COMPLAINT_CHARS_MAX)}`;
  return `The server process is gone: ${await child.exited}.${said}`;
}

const COMPLAINT_CHARS_MAX = 500;
