import type { Actor, ActorKind } from '../core/actor.ts';
import type { ActorId } from '../core/ids.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import type { Page, PageRequest } from './page.ts';

export interface Actors {
  /** Undefined when there is none; decommissioned actors are found like any other. */
  get(id: ActorId): Promise<Actor | undefined>;
  /** Newest first by creation, those of one moment by id, descending. */
  list(filter: { readonly kind?: ActorKind; readonly lifecycle?: Lifecycle }, page: PageRequest): Promise<Page<Actor>>;
}
