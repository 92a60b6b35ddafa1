import type { ErrorCode } from '../../core/errors.ts';
import type { Control } from '../../govern/make-change.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { Store } from '../../ports/store.ts';

/** All that the pages and their forms stand on; `serve.ts` builds it. */
export interface PagesDeps extends Control {
  readonly hasher: Hasher;
  /** For reading what the snapshot no longer holds. */
  readonly store: Pick<Store, 'approvals' | 'tasks'>;
  readonly operatorHash: string;
  /** How people reach this process; with https, cookies are sent over it alone. */
  readonly publicUrl: string;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  /** The API's mapping of codes to HTTP, so that there is one. */
  httpStatus(code: ErrorCode): number;
  /** A fault that no reader may see the inside of. */
  report(fault: unknown): void;
}

/** What a form is bound to before there is a session. */
export const FORM_COOKIE = 'mandate_form';
