/**
 * The tables, the same in every SQL dialect: text ids made by us, `org_id` first in every key, whole milliseconds,
 * integer booleans, JSON as text. A noun's row is its `body` and the columns that queries use; see noun-tables.ts.
 */
export interface Tables {
  actors: ActorRow;
  servers: ServerRow;
  tools: ToolRow;
  tasks: TaskRow;
  approvals: ApprovalRow;
  credentials: CredentialRow;
  policy_sets: PolicySetRow;
  changes: ChangeRow;
  change_heads: ChangeHeadRow;
  nodes: NodeRow;
}

interface NounRow {
  org_id: string;
  version: number;
  body: string;
}

interface ActorRow extends NounRow {
  id: string;
  kind: string;
  lifecycle: string;
  created_at: number;
}

interface ServerRow extends NounRow {
  id: string;
  created_at: number;
}

interface ToolRow extends NounRow {
  server: string;
  /** As toolKey() writes it. */
  name: string;
}

interface TaskRow extends NounRow {
  id: string;
  agent: string;
  state: string;
}

interface ApprovalRow extends NounRow {
  id: string;
  agent: string;
  state: string;
}

interface CredentialRow extends NounRow {
  id: string;
  kind: string;
  hash: string;
  actor: string;
  task: string | null;
  ended: number;
}

interface PolicySetRow extends NounRow {
  serial: number;
  state: string;
}

/** The outbox. */
interface ChangeRow {
  org_id: string;
  seq: number;
  id: string;
  body: string;
}

/** The seq of the newest change; writing it first is what puts the commits of an organisation in one order. */
interface ChangeHeadRow {
  org_id: string;
  seq: number;
}

interface NodeRow {
  org_id: string;
  id: string;
  body: string;
}
