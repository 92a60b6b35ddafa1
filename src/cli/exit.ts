import { ERROR_CODES, isMandateError, MandateError, type ErrorCode } from '../core/errors.ts';

/** What every command ends with: scripts hold on to these. */
export const EXIT = {
  done: 0,
  /** Mandate answered, and the answer is no; or a check found a fault. */
  refused: 1,
  /** The command, its configuration or the place it was pointed at is wrong: nothing was tried. */
  usage: 2,
  /** Mandate could not be reached or trusted, or cannot serve now: trying again later may help. */
  unreachable: 3,
  /** A fault of Mandate's own. */
  internal: 4,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

type Family = ErrorCode extends infer C ? (C extends `${infer F}.${string}` ? F : C) : never;

/** The one place that maps codes to exit statuses: by family, then the codes that differ from theirs. */
const BY_FAMILY: Readonly<Record<Family, ExitStatus>> = {
  input: EXIT.usage,
  auth: EXIT.refused,
  not_found: EXIT.refused,
  conflict: EXIT.refused,
  owners: EXIT.refused,
  lifecycle: EXIT.refused,
  task: EXIT.refused,
  server: EXIT.refused,
  approval: EXIT.refused,
  policy: EXIT.refused,
  permit: EXIT.refused,
  config: EXIT.usage,
  listen: EXIT.usage,
  // The directory is the wrong one, or in the wrong hands …
  data: EXIT.usage,
  store: EXIT.unreachable,
  evidence: EXIT.unreachable,
  upstream: EXIT.unreachable,
  limit: EXIT.unreachable,
  internal: EXIT.internal,
};

const BY_CODE: Readonly<Partial<Record<ErrorCode, ExitStatus>>> = {
  // … but damage is what a check is there to find.
  'data.damaged': EXIT.refused,
  'task.elsewhere': EXIT.unreachable,
  'auth.rate': EXIT.unreachable,
};

export function exitStatus(code: ErrorCode): ExitStatus {
  const family = code.split('.')[0] as Family; // every code starts with its family
  return BY_CODE[code] ?? BY_FAMILY[family];
}

/** The fault as one of ours: whatever is not is an internal fault, and what it was stays in `cause`. */
export function toMandateError(fault: unknown): MandateError {
  if (isMandateError(fault)) return fault;
  const what = fault instanceof Error ? fault.message : String(fault);
  return new MandateError('internal', `${ERROR_CODES.internal} ${what}`, { cause: fault });
}
