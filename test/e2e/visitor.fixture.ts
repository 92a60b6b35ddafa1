/** A person's browser of few means: keeps cookies, fills forms, and sends with them what a browser sends. */
import type { Answer } from './api.fixture.ts';
import { ask } from './api.fixture.ts';

export interface Visitor {
  get(path: string): Promise<Answer>;
  /** Opens `path`, fills the form that posts to `action` and sends it. */
  submit(path: string, action: string, fields: Readonly<Record<string, string>>): Promise<Answer>;
}

export function openVisitor(url: string): Visitor {
  const cookies = new Map<string, string>();
  const send = async (
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await ask(`${url}${path}`, method, null, body, {
      ...(cookie === '' ? {} : { cookie }),
      'sec-fetch-mode': 'navigate',
      ...headers,
    });
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  const get = (path: string): Promise<Answer> => send('GET', path, undefined, { 'sec-fetch-site': 'none' });
  return {
    get,
    submit: async (path, action, fields) => {
      const page = await get(path);
      const form = new URLSearchParams({ ...hiddenFields(page.text, action), ...fields });
      return send('POST', action, form.toString(), {
        origin: url,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      });
    },
  };
}

/** What the page says will be forwarded, with its marks turned back into the characters they stand for. */
export function exactText(page: string): string {
  const [, inner] = /<pre [^>]*data-exact[^>]*>([^]*?)<\/pre>/.exec(page) ?? [];
  if (inner === undefined) throw new Error(`the page shows no exact text: ${page.slice(0, 2_000)}`);
  // HTML: a line feed right after `<pre>` is not part of its text.
  return withoutMarks(unescape(inner.replace(/^\n/, '').replace(/<[^>]*>/g, '')));
}

export function withoutMarks(text: string): string {
  return text.replace(/⟦U\+([0-9A-F]{4,6})(?:≈[^⟧]*)?⟧/g, (_, codepoint: string) =>
    String.fromCodePoint(Number.parseInt(codepoint, 16)),
  );
}

function hiddenFields(page: string, action: string): Readonly<Record<string, string>> {
  const start = page.indexOf(`action="${action}"`);
  if (start === -1) throw new Error(`no form posts to ${action}:\n${page}`);
  const form = page.slice(start, page.indexOf('</form>', start));
  const fields = form.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"\s*\/?>/g);
  // The parser of a browser knows more ways to write a field; these are the ones our pages use.
  return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, unescape(value)]));
}

function unescape(text: string): string {
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};
