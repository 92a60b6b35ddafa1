import type { Approval, ApprovalState } from '../core/approval.ts';
import type { ActorId, ApprovalId } from '../core/ids.ts';
import type { Page, PageRequest } from './page.ts';

export interface Approvals {
  get(id: ApprovalId): Promise<Approval | undefined>;
  /** Newest first by id. `state` is the stored one: expiry is a matter of the reader's clock. */
  list(
    filter: { readonly agent?: ActorId; readonly state?: ApprovalState },
    page: PageRequest,
  ): Promise<Page<Approval>>;
}
