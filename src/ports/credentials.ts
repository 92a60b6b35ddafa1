import type { Credential, CredentialKind } from '../core/credential.ts';
import type { ActorId, CredentialId, TaskId } from '../core/ids.ts';
import type { Page, PageRequest } from './page.ts';

export interface Credentials {
  get(id: CredentialId): Promise<Credential | undefined>;
  /** By the hash of a bearer secret; ended and expired ones too. */
  byHash(hash: string): Promise<Credential | undefined>;
  /** Newest first by id. `ended: false` leaves out those with an `ended_at`. */
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
