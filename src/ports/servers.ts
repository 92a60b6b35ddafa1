import type { ServerId } from '../core/ids.ts';
import type { Server } from '../core/server.ts';
import type { Page, PageRequest } from './page.ts';

export interface Servers {
  /** Also removed ones, whose `state` says so. */
  get(id: ServerId): Promise<Server | undefined>;
  /** Newest first by creation, those of one moment by id, descending. */
  list(page: PageRequest): Promise<Page<Server>>;
}
