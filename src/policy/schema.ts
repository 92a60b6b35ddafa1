import { ACTION_KINDS } from '../core/action.ts';
import { quoteCedar } from '../standards/cedar/quote.ts';

/**
 * What a policy may speak of, in Cedar's schema syntax. Every attribute is required, so a policy never meets a missing
 * one. All actions share one context; `policies/mandate.cedarschema` is this text, for editors.
 */
export const MANDATE_SCHEMA = `namespace Mandate {
  entity Team;
  entity Human in [Team];
  entity Workload in [Team];
  entity Agent in [Team] {
    // discovered, registered, probationary, active, suspended, decommissioned
    lifecycle: String,
    // supervised, bounded
    autonomy: String,
    environment: Environment,
  };
  entity Environment;
  entity Server in [Environment];

  // The arguments of a call by dotted path ("message.to", "items.0.name"). Cedar has no open records, but entities may
  // have tags: context.arguments.texts.hasTag("path") && context.arguments.texts.getTag("path") like "/srv/*".
  entity Texts tags String;
  entity Numbers tags Long;
  entity Flags tags Bool;
  // An array of texts stands here whole, as a set; elements of other arrays stand under their index.
  entity Lists tags Set<String>;

  type Facts = {
    // One of the action kinds.
    kind: String,
    task: {
      id: String,
      purpose: String,
      // human, schedule, event, parent, agent
      purpose_source: String,
      // Nobody stated a purpose yet.
      unstated: Bool,
      // The agent gave itself this task, and no person has since stated its purpose.
      self_opened: Bool,
      revision: Long,
      // Limits of the task that this version cannot check by itself: destinations, data_ceiling, spend, records.
      unverified_limits: Set<String>,
      trigger: { kind: String, id: String },
      age_s: Long,
    },
    delegation: { depth: Long, actors: Set<String>, on_behalf_of: String },
    tool: {
      // Empty for actions that are not a call.
      name: String,
      // read, create, update, delete, move, send, pay, grant, execute, fetch; empty when nothing is known
      effect_classes: Set<String>,
      only_reads: Bool,
      reversible: Bool,
      // A person confirmed these facts; otherwise they are derived from name and hints.
      facts_confirmed: Bool,
    },
    environment: { agent: String, server: String, production: Bool, crossing: Bool },
    // trust: trusted, untrusted
    server: { trust: String, regulated: Bool },
    // granted: other people approved exactly this action. confirmed: only whoever asked for it did.
    approval: { granted: Bool, confirmed: Bool, approvers: Long },
    // Allowed calls of this task so far.
    history: { calls: Long },
    // UTC; weekday 1 is Monday, 7 is Sunday.
    time: { epoch_s: Long, hour: Long, weekday: Long },
    arguments: { texts: Texts, numbers: Numbers, flags: Flags, lists: Lists },
    // Paths of arguments that could not be put there: fractions, texts over 8 KiB, keys with a dot, too many. "*" stands
    // for more than are named.
    unrepresentable: Set<String>,
  };

  // Every tool call is Action::"server/tool" in Action::"call"; the other kinds are actions themselves.
  action "call";
${ACTION_KINDS.filter((kind) => kind !== 'call')
  .map((kind) => `  action "${kind}" appliesTo { principal: [Agent], resource: [Server], context: Facts };\n`)
  .join('')}}
`;

/** The schema with an action for each tool, named as `server/tool`. @throws RangeError on a name with a lone surrogate */
export function schemaWith(tools: Iterable<string>): string {
  const actions: string[] = [];
  for (const tool of new Set(tools)) {
    actions.push(
      `  action ${quoteCedar(tool)} in ["call"] appliesTo { principal: [Agent], resource: [Server], context: Facts };\n`,
    );
  }
  return `${MANDATE_SCHEMA.slice(0, MANDATE_SCHEMA.lastIndexOf('}'))}${actions.join('')}}\n`;
}
