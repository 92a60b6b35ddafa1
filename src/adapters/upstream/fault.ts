import { MandateError } from '../../core/errors.ts';

/** Each fault says whether the request may have reached the server, so that its effect is unknown. */
interface More {
  readonly may_have_run: boolean;
  readonly cause?: unknown;
}

export function unreachable(sentence: string, more: More): MandateError {
  return new MandateError('upstream.unreachable', sentence, more);
}

export function offProtocol(sentence: string, more: More): MandateError {
  return new MandateError('upstream.protocol', sentence, more);
}

export function tooLarge(sentence: string, more: More): MandateError {
  return new MandateError('upstream.too_large', sentence, more);
}

/** Why we stopped waiting: our deadline, or the client, the task, the agent or the server went away. */
export type StopReason = 'timeout' | 'ended';

export function stopped(reason: unknown, may_have_run: boolean): MandateError {
  return new MandateError(reason === 'timeout' ? 'upstream.timeout' : 'upstream.ended', undefined, { may_have_run });
}
