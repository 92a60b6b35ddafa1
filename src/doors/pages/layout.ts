import { html } from 'hono/html';
import { tokenFor } from './form-guard.ts';
import type { PagesDeps } from './deps.ts';
import { untrusted, type Html } from './untrusted.ts';
import type { Viewer } from './viewer.ts';

export const SIGN_OUT_FORM = 'sign-out';

/** The frame of every page. */
export function layout(deps: PagesDeps, viewer: Viewer | null, title: string, main: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${untrustedTitle(title)} · Mandate</title>
        <link rel="stylesheet" href="/assets/style.css" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header><a class="brand" href="/">Mandate</a>${viewer === null ? '' : signedIn(deps, viewer)}</header>
        <main id="main">${main}</main>
        <footer>
          <p>
            Text from agents, tools and purposes is shown as untrusted text: what is hidden or looks like something else
            is marked <span class="mark hidden">⟦U+…⟧</span>.
          </p>
        </footer>
      </body>
    </html>`;
}

function signedIn(deps: PagesDeps, { human, credential }: Viewer): Html {
  return html`<nav aria-label="You">
    <span>${untrusted(human.name)} <span class="quiet">(${human.roles.join(', ')})</span></span>
    <a href="/step-up">Confirm it is you</a>
    <form method="post" action="/sign-out">
      <input type="hidden" name="form" value="${tokenFor(deps, credential, SIGN_OUT_FORM)}" /><button class="plain">
        Sign out
      </button>
    </form>
  </nav>`;
}

/** A title holds no marks, so it holds no text of others either. */
function untrustedTitle(title: string): string {
  return title.replace(/[^ -~]/g, '?');
}

/** A sentence about what went wrong, read out by a screen reader when the page opens. */
export function alert(sentence: string, code?: string): Html {
  return html`<p class="alert" role="alert">
    <span aria-hidden="true">⚠</span> ${untrusted(sentence)}${code === undefined ? '' : html` <code>${code}</code>`}
  </p>`;
}
