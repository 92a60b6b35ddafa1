import { html } from 'hono/html';
import type { Agent } from '../../core/actor.ts';
import { approvalState, ineligible, type Approval } from '../../core/approval.ts';
import type { DecisionRecord } from '../../core/evidence.ts';
import { instant } from '../../core/instant.ts';
import { LIFECYCLE } from '../../core/lifecycle.ts';
import { OWNER_ROLES, type OwnerRole } from '../../core/ownership.ts';
import { isOpen } from '../../core/task.ts';
import type { EvidenceEntry } from '../../ports/evidence-log.ts';
import type { PagesDeps } from './deps.ts';
import { away, moment } from './moment.ts';
import { untrusted, type Html } from './untrusted.ts';
import { verdict } from './verdict.ts';
import type { Viewer } from './viewer.ts';

export const DECISIONS_SHOWN = 50;
/** Read for that, because an agent repeats a held call until somebody answers. */
export const DECISIONS_READ = 500;
/** More rows than a person reads; the API lists the rest. */
const ROWS_SHOWN_MAX = 200;

/** What waits on this person, who is governed, what is under way, what was decided. */
export function homePage(deps: PagesDeps, viewer: Viewer, decisions: readonly EvidenceEntry[]): Html {
  const agents = [...deps.snapshot.actors()].filter((actor) => actor.kind === 'agent');
  return html`<h1>Home</h1>
    ${agents.length === 0 ? firstMinute() : ''} ${waiting(deps, viewer)}
    ${agents.length === 0 ? '' : agentTable(agents)} ${taskTable(deps)} ${decisionTable(deps, decisions)}`;
}

function firstMinute(): Html {
  return html`<section class="card" aria-labelledby="start">
    <h2 id="start">Nothing is governed yet</h2>
    <ol>
      <li>Add an MCP server, so that its tools are pinned: <code>mandate server add --help</code></li>
      <li>Register an agent with its owners, and have them accept: <code>mandate agent register --help</code></li>
      <li>Open a task and give its token to the agent’s MCP client: <code>mandate task open --help</code></li>
    </ol>
    <p class="quiet"><code>mandate demo</code> sets up a sample organisation with all of this.</p>
  </section>`;
}

function waiting(deps: PagesDeps, viewer: Viewer): Html {
  const now = deps.clock.now();
  const pending = [...deps.snapshot.liveApprovals()]
    .filter((approval) => approvalState(approval, now) === 'pending')
    .sort((a, b) => a.expires_at - b.expires_at);
  const mine = pending.filter((approval) => ineligible(approval, viewer.human, now) === null);
  const others = pending.filter((approval) => !mine.includes(approval));
  const row = (approval: Approval): Html =>
    html`<li class="card">
      <a href="/approvals/${approval.id}"
        >${untrusted(approval.agent)} wants
        ${approval.subject.kind === 'action'
          ? untrusted(`${approval.subject.server}/${approval.subject.tool}`)
          : 'to be promoted'}
        in ${approval.environment}</a
      >
      <span class="quiet">ends ${away(approval.expires_at, now)}</span>
      <div>${untrusted(approval.message.replaceAll('\n', ' '))}</div>
    </li>`;
  return html`<section aria-labelledby="waiting">
    <h2 id="waiting">Waiting for you (${mine.length})</h2>
    ${mine.length === 0
      ? html`<p class="quiet">Nothing waits for your answer.</p>`
      : html`<ul class="cards">
          ${mine.slice(0, ROWS_SHOWN_MAX).map(row)}
        </ul>`}
    ${others.length === 0
      ? ''
      : html`<h2>Waiting for others (${others.length})</h2>
          <ul class="cards">
            ${others.slice(0, ROWS_SHOWN_MAX).map(row)}
          </ul>`}
  </section>`;
}

function agentTable(agents: readonly Agent[]): Html {
  const rank = (agent: Agent): number => LIFECYCLE.indexOf(agent.lifecycle);
  const sorted = agents.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  const owner = (agent: Agent, role: OwnerRole): Html => {
    const { human, accepted_at } = agent.owners[role];
    return html`<td>
      ${untrusted(human)}${accepted_at === null ? html` <span class="quiet">(not accepted)</span>` : ''}
    </td>`;
  };
  const counts = LIFECYCLE.flatMap((state) => {
    const count = agents.filter((agent) => agent.lifecycle === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return html`<section aria-labelledby="agents">
    <h2 id="agents">Agents (${agents.length})</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="agents">
      <table>
        <caption>
          ${counts.join(' · ')}
        </caption>
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">Lifecycle</th>
            <th scope="col">Environment</th>
            ${OWNER_ROLES.map((role) => html`<th scope="col">${OWNER_TITLES[role]}</th>`)}
            <th scope="col">Purpose</th>
          </tr>
        </thead>
        <tbody>
          ${sorted.slice(0, ROWS_SHOWN_MAX).map(
            (agent) =>
              html`<tr>
                <th scope="row">
                  ${untrusted(agent.id)}
                  <div class="quiet">${untrusted(agent.name)}</div>
                </th>
                <td>${agent.lifecycle}</td>
                <td>${agent.environment}</td>
                ${OWNER_ROLES.map((role) => owner(agent, role))}
                <td>${untrusted(agent.purpose)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const OWNER_TITLES: Readonly<Record<OwnerRole, string>> = {
  business: 'Business owner',
  technical: 'Technical owner',
  escalation: 'Escalation',
};

function taskTable(deps: PagesDeps): Html {
  const now = deps.clock.now();
  const open = [...deps.snapshot.openTasks()].filter((task) => isOpen(task, now)).reverse();
  if (open.length === 0)
    return html`<section aria-labelledby="tasks">
      <h2 id="tasks">Open tasks (0)</h2>
      <p class="quiet">No task is open.</p>
    </section>`;
  return html`<section aria-labelledby="tasks">
    <h2 id="tasks">Open tasks (${open.length})</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="tasks">
      <table>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Agent</th>
            <th scope="col">Purpose</th>
            <th scope="col">Asked by</th>
            <th scope="col">Ends</th>
          </tr>
        </thead>
        <tbody>
          ${open.slice(0, ROWS_SHOWN_MAX).map(
            (task) =>
              html`<tr>
                <th scope="row"><code>${task.id}</code></th>
                <td>${untrusted(task.agent)}</td>
                <td>${untrusted(task.purpose)} <span class="quiet">(${task.purpose_source})</span></td>
                <td>${untrusted(task.trigger.id)}</td>
                <td>${moment(task.expires_at, now)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

interface Repeated {
  readonly record: DecisionRecord;
  /** How often the same question was asked again. */
  times: number;
}

/** Each question that waits for a person once, at its newest repetition. */
function withoutRepeats(entries: readonly EvidenceEntry[]): readonly Repeated[] {
  const held = new Map<string, Repeated>();
  const rows: Repeated[] = [];
  for (const entry of entries) {
    const record = JSON.parse(entry.text) as DecisionRecord; // our own record, asked for by kind
    const question = record.effect === 'hold' ? record.approval : null;
    const known = question === null ? undefined : held.get(question);
    if (known !== undefined) {
      known.times += 1;
      continue;
    }
    const row = { record, times: 1 };
    if (question !== null) held.set(question, row);
    rows.push(row);
  }
  return rows.slice(0, DECISIONS_SHOWN);
}

function decisionTable(deps: PagesDeps, entries: readonly EvidenceEntry[]): Html {
  if (entries.length === 0)
    return html`<section aria-labelledby="decisions">
      <h2 id="decisions">Decisions</h2>
      <p class="quiet">Nothing was decided yet.</p>
    </section>`;
  const now = deps.clock.now();
  return html`<section aria-labelledby="decisions">
    <h2 id="decisions">Latest decisions</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="decisions">
      <table>
        <thead>
          <tr>
            <th scope="col">Verdict</th>
            <th scope="col">Action</th>
            <th scope="col">Agent</th>
            <th scope="col">Why</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          ${withoutRepeats(entries).map(({ record, times }) => {
            const { action, reasons, approval } = record;
            const what =
              action.tool === null
                ? `${action.server ?? '?'} ${action.method}`
                : `${action.server ?? '?'}/${action.tool}`;
            return html`<tr>
              <td>${verdict(record.effect)}${times > 1 ? html` <span class="quiet">${times} times</span>` : ''}</td>
              <td>${untrusted(what)}</td>
              <td>${untrusted(record.actor)}</td>
              <td>
                ${reasons.map(
                  (one) =>
                    html`<div>
                      ${untrusted(one.message)}
                      <span class="quiet"
                        >${one.code}${one.policy === null ? '' : html`, ${untrusted(one.policy)}`}</span
                      >
                    </div>`,
                )}${approval === null ? '' : html`<a href="/approvals/${approval}">approval</a>`}
              </td>
              <td>
                ${moment(instant(Date.parse(record.at)), now)}
                <div class="quiet"><code>${record.id}</code></div>
              </td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}
