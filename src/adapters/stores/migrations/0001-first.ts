import type { Migration } from './migration.ts';

export const first: Migration = {
  version: 1,
  name: 'first',
  statements: [
    `create table actors (
      org_id text not null, id text not null, version bigint not null,
      kind text not null, lifecycle text not null, created_at bigint not null,
      body text not null, primary key (org_id, id))`,
    `create index actors_newest on actors (org_id, created_at, id)`,
    `create table servers (
      org_id text not null, id text not null, version bigint not null,
      created_at bigint not null,
      body text not null, primary key (org_id, id))`,
    `create index servers_newest on servers (org_id, created_at, id)`,
    `create table tools (
      org_id text not null, server text not null, name text not null, version bigint not null,
      body text not null, primary key (org_id, server, name))`,
    `create table tasks (
      org_id text not null, id text not null, version bigint not null,
      agent text not null, state text not null,
      body text not null, primary key (org_id, id))`,
    `create index tasks_of_agent on tasks (org_id, agent, id)`,
    `create index tasks_by_state on tasks (org_id, state, id)`,
    `create table approvals (
      org_id text not null, id text not null, version bigint not null,
      agent text not null, state text not null,
      body text not null, primary key (org_id, id))`,
    `create index approvals_of_agent on approvals (org_id, agent, id)`,
    `create index approvals_by_state on approvals (org_id, state, id)`,
    `create table credentials (
      org_id text not null, id text not null, version bigint not null,
      kind text not null, hash text not null, actor text not null, task text, ended integer not null,
      body text not null, primary key (org_id, id))`,
    `create unique index credentials_by_hash on credentials (org_id, hash)`,
    `create index credentials_of_actor on credentials (org_id, actor, id)`,
    `create index credentials_of_task on credentials (org_id, task, id)`,
    `create index credentials_by_end on credentials (org_id, ended, id)`,
    `create table policy_sets (
      org_id text not null, serial bigint not null, version bigint not null,
      state text not null,
      body text not null, primary key (org_id, serial))`,
    `create table changes (
      org_id text not null, seq bigint not null, id text not null,
      body text not null, primary key (org_id, seq))`,
    `create unique index changes_by_id on changes (org_id, id)`,
    `create table change_heads (
      org_id text not null, seq bigint not null, primary key (org_id))`,
    `create table nodes (
      org_id text not null, id text not null,
      body text not null, primary key (org_id, id))`,
  ],
};
