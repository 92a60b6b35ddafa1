import { html } from 'hono/html';
import { PASSPHRASE_CHARS_MAX, PASSPHRASE_CHARS_MIN } from '../../govern/sign-in.ts';
import type { PagesDeps } from './deps.ts';
import { tokenFor } from './form-guard.ts';
import { alert } from './layout.ts';
import type { Html } from './untrusted.ts';
import type { Viewer } from './viewer.ts';

export const SIGN_IN_FORM = 'sign-in';
export const STEP_UP_FORM = 'step-up';

export interface Refused {
  readonly sentence: string;
  readonly code: string;
}

/** With a link: choose (or, with one already, give) a passphrase. Without: who you are and your passphrase. */
export function signInPage(
  deps: PagesDeps,
  holder: string,
  shown: { readonly link: string; readonly next: string; readonly human: string; readonly refused: Refused | null },
): Html {
  const hidden = html`<input type="hidden" name="form" value="${tokenFor(deps, holder, SIGN_IN_FORM)}" /><input
      type="hidden"
      name="next"
      value="${shown.next}"
    /><input type="hidden" name="link" value="${shown.link}" />`;
  const refused = shown.refused === null ? '' : alert(shown.refused.sentence, shown.refused.code);
  if (shown.link !== '') {
    return html`<h1>Sign in with your link</h1>
      ${refused}
      <p>
        The link works once, for five minutes. Choose the passphrase with which you will sign in and approve from now
        on; if you have one already, give that.
      </p>
      <form class="sign-in" method="post" action="/sign-in">
        ${hidden}
        <label
          >Passphrase <span class="quiet">At least ${PASSPHRASE_CHARS_MIN} characters.</span
          ><input
            type="password"
            name="passphrase"
            required
            minlength="${PASSPHRASE_CHARS_MIN}"
            maxlength="${PASSPHRASE_CHARS_MAX}"
            autocomplete="new-password"
        /></label>
        <label
          >The same again<input
            type="password"
            name="again"
            required
            maxlength="${PASSPHRASE_CHARS_MAX}"
            autocomplete="new-password"
        /></label>
        <button>Sign in</button>
      </form>`;
  }
  return html`<h1>Sign in</h1>
    ${refused}
    <form class="sign-in" method="post" action="/sign-in">
      ${hidden}
      <label
        >Your id<input
          name="human"
          required
          maxlength="31"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          value="${/^[a-z0-9-]{1,31}$/.test(shown.human) ? shown.human : ''}"
      /></label>
      <label
        >Passphrase<input
          type="password"
          name="passphrase"
          required
          maxlength="${PASSPHRASE_CHARS_MAX}"
          autocomplete="current-password"
      /></label>
      <button>Sign in</button>
    </form>
    <p>
      <a href="${shown.next}">I am signed in already: continue</a>
      <span class="quiet">A browser does not send your session with a link from another site.</span>
    </p>
    <p class="quiet">
      No passphrase yet? An administrator makes you a sign-in link; the first one is printed on the terminal that
      started Mandate.
    </p>`;
}

/** The second factor again, for the next five minutes. */
export function stepUpPage(deps: PagesDeps, viewer: Viewer, next: string, refused: Refused | null): Html {
  return html`<h1>Confirm it is you</h1>
    ${refused === null ? '' : alert(refused.sentence, refused.code)}
    <p>Answering an approval needs your passphrase again; it counts for five minutes.</p>
    <form class="sign-in" method="post" action="/step-up">
      <input type="hidden" name="form" value="${tokenFor(deps, viewer.credential, STEP_UP_FORM)}" /><input
        type="hidden"
        name="next"
        value="${next}"
      />
      <label
        >Passphrase<input
          type="password"
          name="passphrase"
          required
          maxlength="${PASSPHRASE_CHARS_MAX}"
          autocomplete="current-password"
      /></label>
      <button>Confirm</button>
    </form>`;
}
