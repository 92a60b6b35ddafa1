import type { Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { isMandateError, MandateError } from '../../core/errors.ts';
import { signIn, signOut, stepUp, useSignInLink } from '../../govern/sign-in.ts';
import { giveFormHolder, giveSession, takeSession } from './cookies.ts';
import type { PagesDeps } from './deps.ts';
import { formHolder, requireOwnForm } from './form-guard.ts';
import { layout, SIGN_OUT_FORM } from './layout.ts';
import { readForm } from './read-form.ts';
import { viewerOf } from './viewer.ts';
import { SIGN_IN_FORM, signInPage, STEP_UP_FORM, stepUpPage, type Refused } from './sign-in-page.ts';

/** Getting into, raising and leaving a session with a cookie. There is no set-up page: the first link is printed. */
export function login(app: Hono, deps: PagesDeps): void {
  app.get('/sign-in', async (c) => {
    const viewer = viewerOf(deps, c.req.raw);
    const next = nextPage(c.req.query('next'));
    const link = c.req.query('link') ?? '';
    if (viewer !== null && link === '') return c.redirect(next, 303);
    return showSignIn(deps, c, { link, next, human: '', refused: null });
  });

  app.post('/sign-in', async (c) => {
    const form = await readForm(c.req.raw, ['form', 'link', 'next', 'human', 'passphrase', 'again']);
    const next = nextPage(form.next);
    const { holder } = formHolder(deps, c.req.raw);
    requireOwnForm(deps, c.req.raw, holder, SIGN_IN_FORM, form.form);
    try {
      giveSession(deps, c, await sessionFor(deps, form));
    } catch (error) {
      if (!isMandateError(error) || deps.httpStatus(error.code) >= 500) throw error;
      c.status(deps.httpStatus(error.code) as ContentfulStatusCode); // an HTTP error status
      return showSignIn(deps, c, {
        link: form.link,
        next,
        human: form.human,
        refused: { sentence: error.message, code: error.code },
      });
    }
    return c.redirect(next, 303);
  });

  app.get('/step-up', async (c) => {
    const viewer = viewerOf(deps, c.req.raw);
    const next = nextPage(c.req.query('next'));
    if (viewer === null) return c.redirect('/sign-in', 303);
    return c.html(await layout(deps, viewer, 'Confirm it is you', stepUpPage(deps, viewer, next, null)));
  });

  app.post('/step-up', async (c) => {
    const viewer = viewerOf(deps, c.req.raw);
    if (viewer === null) throw new MandateError('auth.missing', 'You are no longer signed in.');
    const form = await readForm(c.req.raw, ['form', 'next', 'passphrase']);
    requireOwnForm(deps, c.req.raw, viewer, STEP_UP_FORM, form.form);
    const next = nextPage(form.next);
    try {
      await stepUp(deps, { caller: viewer, passphrase: form.passphrase });
    } catch (error) {
      if (!isMandateError(error) || deps.httpStatus(error.code) >= 500) throw error;
      const page = stepUpPage(deps, viewer, next, { sentence: error.message, code: error.code });
      return c.html(
        await layout(deps, viewer, 'Confirm it is you', page),
        deps.httpStatus(error.code) as ContentfulStatusCode,
      ); // an HTTP error status
    }
    return c.redirect(next, 303);
  });

  app.post('/sign-out', async (c) => {
    const viewer = viewerOf(deps, c.req.raw);
    if (viewer !== null) {
      const form = await readForm(c.req.raw, ['form']);
      requireOwnForm(deps, c.req.raw, viewer, SIGN_OUT_FORM, form.form);
      await signOut(deps, { caller: viewer });
    }
    takeSession(deps, c);
    return c.redirect('/sign-in', 303);
  });
}

async function sessionFor(
  deps: PagesDeps,
  form: { readonly link: string; readonly human: string; readonly passphrase: string; readonly again: string },
): Promise<string> {
  if (form.link === '') {
    return (await signIn(deps, { human: form.human, passphrase: form.passphrase, as: 'session' })).secret;
  }
  if (form.again !== form.passphrase)
    throw new MandateError('input.invalid', 'The two passphrases are not the same.', { at: '/again' });
  return (await useSignInLink(deps, { secret: form.link, passphrase: form.passphrase })).session_secret;
}

async function showSignIn(
  deps: PagesDeps,
  c: Context,
  shown: { readonly link: string; readonly next: string; readonly human: string; readonly refused: Refused | null },
): Promise<Response> {
  const { holder, set } = formHolder(deps, c.req.raw);
  if (set) giveFormHolder(deps, c, holder);
  return c.html(await layout(deps, null, 'Sign in', signInPage(deps, holder, shown)));
}

/** Only a page of our own: nobody is sent elsewhere with a fresh session. */
function nextPage(given: string | undefined): string {
  return given !== undefined && /^\/(?:approvals\/[a-z0-9_]{1,64})?$/.test(given) ? given : '/';
}
