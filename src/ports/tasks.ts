import type { ActorId, TaskId } from '../core/ids.ts';
import type { Task, TaskState } from '../core/task.ts';
import type { Page, PageRequest } from './page.ts';

export interface Tasks {
  get(id: TaskId): Promise<Task | undefined>;
  /** Newest first by id. `state` is the stored one: an open task past its end is still stored as open. */
  list(filter: { readonly agent?: ActorId; readonly state?: TaskState }, page: PageRequest): Promise<Page<Task>>;
}
