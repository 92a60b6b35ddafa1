import { html } from 'hono/html';
import { approvalState, ineligible, type Approval, type ApprovalState } from '../../core/approval.ts';
import { mayBeConfirmed } from '../../govern/answer-approval.ts';
import { hasSteppedUp } from '../../core/credential.ts';
import type { Instant } from '../../core/instant.ts';
import type { Task } from '../../core/task.ts';
import { tokenFor } from './form-guard.ts';
import type { PagesDeps } from './deps.ts';
import { argumentList, exactText } from './exact-text.ts';
import { alert } from './layout.ts';
import { away, moment } from './moment.ts';
import { untrusted, type Html } from './untrusted.ts';
import type { Viewer } from './viewer.ts';

/** The form of one approval; a token of another approval's does not fit. */
export function answerForm(approval: string): string {
  return `answer ${approval}`;
}

/** Everything a person needs to answer one exact question, and the answer itself. */
export function approvalPage(
  deps: PagesDeps,
  viewer: Viewer,
  approval: Approval,
  task: Task | undefined,
  refused: { readonly sentence: string; readonly code: string } | null,
): Html {
  const now = deps.clock.now();
  const state = approvalState(approval, now);
  return html`<h1>${state === 'pending' ? 'Approval' : html`Approval: ${STATES[state].word}`}</h1>
    ${refused === null ? '' : alert(refused.sentence, refused.code)} ${sentence(approval, task)}
    ${changedDefinition(deps, approval)}
    <section aria-labelledby="exact">
      <h2 id="exact">${approval.subject.kind === 'action' ? 'Exactly what will be forwarded' : 'What is asked'}</h2>
      ${exactText(approval.subject.shown)}
      <p class="quiet">
        ${approval.subject.shown.length} characters, shown in full. Marks such as
        <span class="mark hidden">⟦U+202E⟧</span> stand for characters that would be invisible, act on the text around
        them, or look like others.
      </p>
    </section>
    ${listed(approval)} ${state === 'pending' ? answer(deps, viewer, approval, now) : outcome(approval, state, now)}
    ${facts(deps, approval, task, now)}`;
}

function sentence(approval: Approval, task: Task | undefined): Html {
  const { subject } = approval;
  if (subject.kind === 'transition') {
    return html`<p class="lead">
      <b>${untrusted(approval.agent)}</b> is to be promoted to <b>${subject.to}</b> in <b>${approval.environment}</b>.
    </p>`;
  }
  const purpose = purposeOf(task, subject.revision);
  const asker = approval.chain[0];
  return html`<p class="lead">
      <b>${untrusted(approval.agent)}</b>, for “<span class="purpose"
        >${untrusted(purpose?.purpose ?? 'purpose not known')}</span
      >” asked by <b>${untrusted(task?.trigger.id ?? asker?.actor ?? 'nobody')}</b>, wants to call
      <b>${untrusted(subject.tool)}</b> on the server <b>${untrusted(subject.server)}</b> in
      <b>${untrusted(approval.environment)}</b>.
    </p>
    <p>Why a person is asked: ${untrusted(approval.message.replaceAll('\n', ' '))}</p>`;
}

function listed(approval: Approval): Html | '' {
  const given = approval.subject.kind === 'action' ? argumentList(approval.subject.shown) : null;
  return given === null
    ? ''
    : html`<section aria-labelledby="arguments">
        <h2 id="arguments">The arguments, line by line</h2>
        ${given}
      </section>`;
}

/** An approval of a definition that is no longer the one in force fits nothing. */
function changedDefinition(deps: PagesDeps, { subject }: Approval): Html | '' {
  if (subject.kind !== 'action') return '';
  const tool = deps.snapshot.tool(subject.server, subject.tool);
  if (tool?.digest === subject.definition_digest && tool.state === 'pinned') return '';
  return alert('The tool is no longer the one that this was asked about; an approval would not let the call run.');
}

function answer(deps: PagesDeps, viewer: Viewer, approval: Approval, now: Instant): Html {
  const why = ineligible(approval, viewer.human, now);
  const confirms = why !== null && mayBeConfirmed(deps.snapshot, approval);
  if (why !== null && !confirms) {
    return html`<section aria-labelledby="answer">
      <h2 id="answer">Your answer</h2>
      <p>You cannot answer this one. ${why}</p>
    </section>`;
  }
  const { stepped_up_at } = viewer;
  const proves = !hasSteppedUp(stepped_up_at, now);
  return html`<section aria-labelledby="answer">
    <h2 id="answer">Your answer</h2>
    <form class="answer" method="post" action="/approvals/${approval.id}">
      <input type="hidden" name="form" value="${tokenFor(deps, viewer.credential, answerForm(approval.id))}" />
      <input type="hidden" name="digest" value="${approval.digest}" />
      <label
        >Reason <span class="quiet">It is recorded; a deny needs one, and the agent reads it.</span
        ><textarea name="reason" rows="2" maxlength="2000"></textarea>
      </label>
      ${proves
        ? html`<label
            >Your passphrase <span class="quiet">Answering needs it again every five minutes.</span
            ><input type="password" name="passphrase" required maxlength="1024" autocomplete="current-password"
          /></label>`
        : ''}
      <div class="buttons">
        ${confirms
          ? html`<button class="allow" name="verdict" value="confirm">
              <span aria-hidden="true">✓</span> Confirm my own request
            </button>`
          : html`<button class="deny" name="verdict" value="deny"><span aria-hidden="true">✕</span> Deny</button>
              <button class="allow" name="verdict" value="approve">
                <span aria-hidden="true">✓</span> Approve once
              </button>`}
      </div>
    </form>
    <dl class="facts">
      <dt>If you ${confirms ? 'confirm' : 'approve'}</dt>
      <dd>
        ${approval.subject.kind === 'action'
          ? 'Exactly this call may run once. The agent has to call again with the same arguments; it is then decided again from the top.'
          : 'The move may then be made, once.'}${reversibility(deps, approval)}${approval.quorum > 1
          ? ` It takes ${approval.quorum} people.`
          : ''}
      </dd>
      <dt>If nobody answers</dt>
      <dd>It is denied ${away(approval.expires_at, now)}.</dd>
    </dl>
  </section>`;
}

function reversibility(deps: PagesDeps, { subject }: Approval): string {
  const tool = subject.kind === 'action' ? deps.snapshot.tool(subject.server, subject.tool) : undefined;
  if (tool === undefined) return '';
  const effects = tool.facts.effect_class.join(', ') || 'unknown';
  return ` Effect: ${effects}; ${tool.facts.reversible ? 'taken to be reversible' : 'it cannot be undone'}.`;
}

function outcome(approval: Approval, state: ApprovalState, now: Instant): Html {
  const { word, next } = STATES[state];
  const ends =
    state === 'approved' || state === 'confirmed'
      ? ` It has to do so ${away(approval.expires_at, now)} at the latest.`
      : '';
  return html`<section aria-labelledby="state">
    <h2 id="state">${word}</h2>
    <p role="status">${next}${ends}</p>
  </section>`;
}

const STATES: Readonly<Record<ApprovalState, { readonly word: string; readonly next: string }>> = {
  pending: { word: 'waiting', next: 'Nobody has decided yet.' },
  approved: {
    word: 'approved',
    next: 'The agent has to call again with the same arguments; the call is decided again and may then run, once.',
  },
  confirmed: {
    word: 'confirmed by the requester',
    next: 'The agent has to call again with the same arguments; the call is decided again and may then run, once.',
  },
  denied: { word: 'denied', next: 'The agent is told so and why; the same call stays denied in this task.' },
  expired: { word: 'expired', next: 'Nobody decided in time, so it is denied. Calling again asks again.' },
  consumed: { word: 'used', next: 'The call was made with this approval, which cannot be used again.' },
  void: { word: 'void', next: 'What it was asked for has ended: the task, its purpose or the agent.' },
};

function facts(deps: PagesDeps, approval: Approval, task: Task | undefined, now: Instant): Html {
  const { subject } = approval;
  const row = (name: string, value: Html | string): Html =>
    html`<dt>${name}</dt>
      <dd>${value}</dd>`;
  const purpose = subject.kind === 'action' ? purposeOf(task, subject.revision) : undefined;
  return html`<section aria-labelledby="facts">
    <h2 id="facts">About this question</h2>
    <dl class="facts">
      ${row('Digest', html`<code>${approval.digest}</code>`)}
      ${subject.kind === 'action' ? row('Tool definition', html`<code>${subject.definition_digest}</code>`) : ''}
      ${subject.kind === 'action' ? row('Task', html`<code>${subject.task}</code>, revision ${subject.revision}`) : ''}
      ${purpose === undefined
        ? ''
        : row(
            'Purpose',
            html`“${untrusted(purpose.purpose)}”
              <span class="quiet"
                >(untrusted text; source: ${purpose.purpose_source}, set by ${untrusted(purpose.set_by)})</span
              >`,
          )}
      ${row(
        'Chain',
        html`${approval.chain.map(
          (link, at) =>
            html`${at === 0 ? '' : ' → '}${untrusted(link.actor)} <span class="quiet">(${link.kind})</span>`,
        )}`,
      )}
      ${row('Who may answer', whoMay(deps, approval, now))} ${row('Asked', moment(approval.created_at, now))}
      ${row('Until', moment(approval.expires_at, now))}
      ${approval.votes.length === 0
        ? ''
        : row(
            'Answers',
            html`${approval.votes.map(
              (vote) =>
                html`<div>
                  ${untrusted(vote.human)}:
                  ${vote.verdict}${vote.reason === '' ? '' : html`, “${untrusted(vote.reason)}”`},
                  ${moment(vote.at, now)}
                </div>`,
            )}`,
          )}
      ${approval.decision === null ? '' : row('Decision', html`<code>${approval.decision}</code>`)}
      ${approval.policy === null
        ? ''
        : row('Policy', html`set ${approval.policy.serial} <code>${approval.policy.hash}</code>`)}
    </dl>
  </section>`;
}

function whoMay(deps: PagesDeps, approval: Approval, now: Instant): Html {
  const steps = approval.steps
    .map(({ asked, from }) => ({ from, asked: asked.filter((human) => !approval.excluded.includes(human)) }))
    .filter((step) => step.asked.length > 0);
  const given = approval.votes.filter((vote) => vote.verdict === 'approve').length;
  return html`${steps.map(
      (step) =>
        html`<div>
          ${untrusted(step.asked.join(', '))}${step.from > now
            ? `, ${away(step.from, now)} if nobody has answered`
            : ''}
        </div>`,
    )}
    ${approval.roles.length === 0 ? '' : html`<div>anyone with the role ${approval.roles.join(' or ')}</div>`}
    <div class="quiet">
      ${approval.quorum} needed, ${given} given; never ${untrusted(approval.excluded.join(', ') || 'the agent')}
    </div>`;
}

function purposeOf(task: Task | undefined, revision: number) {
  return task?.revisions.find((one) => one.revision === revision);
}
