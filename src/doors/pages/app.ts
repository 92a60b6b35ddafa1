import { Hono, type Context } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { VERDICTS, type Verdict } from '../../core/approval.ts';
import { isRecordId } from '../../core/ids.ts';
import { ERROR_CODES, isMandateError, MandateError } from '../../core/errors.ts';
import { answerApproval } from '../../govern/answer-approval.ts';
import { stepUp } from '../../govern/sign-in.ts';
import { answerForm, approvalPage } from './approval-page.ts';
import type { PagesDeps } from './deps.ts';
import { requireOwnForm } from './form-guard.ts';
import { login } from './login.ts';
import { DECISIONS_READ, homePage } from './home-page.ts';
import { alert, layout } from './layout.ts';
import { guardPage, secure } from './page-headers.ts';
import { readForm } from './read-form.ts';
import { ICON, STYLESHEET } from './stylesheet.ts';
import type { Html } from './untrusted.ts';
import { viewerOf, type Viewer } from './viewer.ts';

/** The server-rendered pages and the forms on them, to be mounted at `/`. */
export function openPages(deps: PagesDeps): Hono {
  const app = new Hono();
  app.onError((fault, c) => errorPage(deps, c, fault));
  for (const path of ['/', '/approvals/*', '/sign-in', '/sign-out', '/step-up', '/assets/*'])
    app.use(path, guardPage(deps));

  app.get('/assets/style.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/assets/icon.svg', (c) => c.body(ICON, 200, { 'content-type': 'image/svg+xml' }));
  login(app, deps);

  app.get('/', async (c) => {
    const viewer = viewerOf(deps, c.req.raw);
    if (viewer === null) return c.redirect('/sign-in', 303);
    const decisions = await deps.evidence.query({ kind: 'decision' }, { limit: DECISIONS_READ, cursor: null });
    return c.html(await layout(deps, viewer, 'Home', homePage(deps, viewer, decisions.items)));
  });

  app.get('/approvals/:id', async (c) => {
    const viewer = viewerOf(deps, c.req.raw);
    if (viewer === null) return c.redirect(`/sign-in?next=${encodeURIComponent(c.req.path)}`, 303);
    return c.html(await layout(deps, viewer, 'Approval', await questionOf(deps, viewer, c.req.param('id'), null)));
  });

  app.post('/approvals/:id', async (c) => {
    const id = c.req.param('id');
    const viewer = viewerOf(deps, c.req.raw);
    if (viewer === null)
      throw new MandateError('auth.missing', 'You are no longer signed in; sign in and answer again.');
    const form = await readForm(c.req.raw, ['form', 'digest', 'verdict', 'reason', 'passphrase']);
    requireOwnForm(deps, c.req.raw, viewer, answerForm(id), form.form);
    try {
      const verdict = verdictOf(form.verdict);
      if (form.passphrase !== '') await stepUp(deps, { caller: viewer, passphrase: form.passphrase });
      await answerApproval(deps, { caller: viewer, approval: id, digest: form.digest, verdict, reason: form.reason });
    } catch (error) {
      if (!isMandateError(error) || deps.httpStatus(error.code) >= 500) throw error;
      // The same page again, with what went wrong and the question as it stands now.
      const again = viewerOf(deps, c.req.raw) ?? viewer;
      const page = await questionOf(deps, again, id, { sentence: error.message, code: error.code });
      return c.html(await layout(deps, again, 'Approval', page), deps.httpStatus(error.code) as ContentfulStatusCode); // an HTTP error status
    }
    return c.redirect(`/approvals/${id}`, 303);
  });

  return app;
}

async function questionOf(
  deps: PagesDeps,
  viewer: Viewer,
  id: string,
  refused: Parameters<typeof approvalPage>[4],
): Promise<Html> {
  if (!isRecordId('apr', id)) throw new MandateError('not_found', 'There is no such approval.');
  const approval = deps.snapshot.approval(id) ?? (await deps.store.approvals.get(id));
  if (approval === undefined) throw new MandateError('not_found', 'There is no such approval.');
  const { subject } = approval;
  const task =
    subject.kind === 'action'
      ? (deps.snapshot.task(subject.task) ?? (await deps.store.tasks.get(subject.task)))
      : undefined;
  return approvalPage(deps, viewer, approval, task, refused);
}

function verdictOf(text: string): Verdict {
  const verdict = VERDICTS.find((one) => one === text);
  if (verdict !== undefined) return verdict;
  throw new MandateError('input.invalid', 'Choose one of the answers.');
}

/** A refusal as a page; a fault says nothing of its inside. */
async function errorPage(deps: PagesDeps, c: Context, fault: unknown): Promise<Response> {
  const error = isMandateError(fault) ? fault : new MandateError('internal', undefined, { cause: fault });
  const status = deps.httpStatus(error.code);
  if (status >= 500) deps.report(fault);
  const sentence = status === 500 ? ERROR_CODES.internal : error.message;
  const main = html`<h1>This did not work</h1>
    ${alert(sentence, error.code)}
    <p><a href="/">Home</a></p>`;
  secure(c);
  return c.html(await layout(deps, null, 'Refused', main), status as ContentfulStatusCode); // an HTTP error status
}
