/** The pages on a real socket, over the fixture organisation with the shipped policies, and a browser of few means. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { TestContext } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import type { Approval } from '../../core/approval.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { authorize } from '../../govern/authorize.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from '../../govern/authorize.fixture.ts';
import { PASSPHRASE } from '../../govern/control.fixture.ts';
import { allowedNames, listenOn } from '../http/listen.ts';
import { openPages } from './app.ts';
import type { PagesDeps } from './deps.ts';

export interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Keeps cookies and sends what a browser sends with its own forms. */
export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Page>;
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Page>;
  /** Opens `path`, fills the form that posts to `action` and sends it. */
  submit(path: string, action: string, fields: Readonly<Record<string, string>>): Promise<Page>;
}

export interface PagesFixture extends AuthorizeFixture {
  readonly pages: PagesDeps;
  readonly url: string;
  browser(): Browser;
  /** A browser in which this human has signed in. */
  signedIn(human: string, passphrase?: string): Promise<Browser>;
  hold(tool?: string, args?: JsonObject): Promise<Approval>;
}

export async function openPagesFixture(t: TestContext, publicUrl?: string): Promise<PagesFixture> {
  const fixture = await openAuthorizeFixture();
  const { control } = fixture;
  const listening = await listenOn('127.0.0.1:0');
  const { http, url } = listening;
  const pages: PagesDeps = {
    ...control,
    publicUrl: publicUrl ?? url,
    ...allowedNames(url, url),
    httpStatus: statusOf,
    report: (fault) => {
      throw fault;
    },
  };
  const app = openPages(pages);
  const listener = getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false });
  http.on('request', (request, response) => void listener(request, response));
  t.after(async () => {
    http.closeAllConnections();
    await listening.close();
  });

  const browser = (): Browser => openBrowser(url);
  return {
    ...fixture,
    pages,
    url,
    browser,
    signedIn: async (human, passphrase = PASSPHRASE) => {
      const opened = browser();
      const done = await opened.submit('/sign-in', '/sign-in', { human, passphrase });
      if (done.status !== 303) throw new Error(`${human} could not sign in: ${done.text}`);
      return opened;
    },
    hold: async (tool = 'delete_file', args = { path: 'a.txt' }) => {
      const decided = await authorize(fixture.deps, fixture.request(tool, args));
      if (decided.effect !== 'hold') throw new Error(`${tool} was not held but ${decided.effect}`);
      return decided.approval;
    },
  };
}

/** The value of a hidden field in the form that posts to `action`. */
export function hiddenFields(page: string, action: string): Readonly<Record<string, string>> {
  const form = page.slice(page.indexOf(`action="${action}"`));
  const fields = form
    .slice(0, form.indexOf('</form>'))
    .matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"\s*\/?>/g);
  return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, unescape(value)]));
}

export function unescape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&amp;': '&',
  };
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity);
}

function openBrowser(url: string): Browser {
  const cookies = new Map<string, string>();
  const send = (
    method: string,
    path: string,
    body: string | null,
    headers: Readonly<Record<string, string>>,
  ): Promise<Page> =>
    new Promise((resolve, reject) => {
      const all = {
        ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(body === null
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      };
      const asked = httpRequest(url + path, { method, headers: all, agent: false }, (response) => {
        for (const set of response.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
          if (value === '' || /max-age=0/i.test(set)) cookies.delete(name);
          else cookies.set(name, value);
        }
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      asked.on('error', reject);
      asked.end(body ?? undefined);
    });
  const browser: Browser = {
    cookies,
    get: (path, headers = {}) =>
      send('GET', path, null, { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', ...headers }),
    post: (path, fields, headers = {}) =>
      send('POST', path, new URLSearchParams(fields).toString(), {
        origin: url,
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'navigate',
        ...headers,
      }),
    submit: async (path, action, fields) => {
      const page = await browser.get(path);
      return browser.post(action, { ...hiddenFields(page.text, action), ...fields });
    },
  };
  return browser;
}

/** As api/problem.ts maps them; doors may not import the API. */
function statusOf(code: ErrorCode): number {
  if (code === 'not_found') return 404;
  if (code === 'internal') return 500;
  if (code === 'auth.invalid' || code === 'auth.missing') return 401;
  if (code === 'auth.rate') return 429;
  if (code.startsWith('auth.') || code === 'approval.ineligible') return code === 'auth.both' ? 400 : 403;
  if (code === 'approval.digest' || code === 'approval.decided') return 409;
  return code.endsWith('.unavailable') ? 503 : 400;
}
