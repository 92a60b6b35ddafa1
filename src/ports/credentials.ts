import type { Credential, CredentialKind } from '../core/credential.ts';
import type { ActorId, TaskId } from '../core/ids.ts';
import type { Page, PageRequest } from './page.ts';

export interface Credentials {
  /** Newest first by id; ended and expired ones too. `ended: false` leaves out those with an `ended_at`. */
  list(
    filter: {
      readonly actor?: ActorId;
      readonly task?: TaskId;
      readonly kind?: CredentialKind;
      readonly ended?: boolean;
    },
    page: PageRequest,
  ): Promise<Page<Credential>>;
}
