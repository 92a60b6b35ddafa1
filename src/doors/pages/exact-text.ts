import { html } from 'hono/html';
import { parseStrictJson, type StrictJson } from '../../standards/strict-json/parse-strict.ts';
import { writeStrictJson } from '../../standards/strict-json/write-json.ts';
import { untrusted, type Html } from './untrusted.ts';

/** The bytes that will be forwarded, whole and in one piece; long lines are broken by style alone. */
export function exactText(shown: string): Html {
  return html`<pre class="exact" data-exact tabindex="0" aria-label="Exactly what will be forwarded">
${untrusted(shown)}</pre>`;
}

/** The same arguments one by one, line by line, to read more easily; null when there are none to take apart. */
export function argumentList(shown: string): Html | null {
  const read = parseStrictJson(Buffer.from(shown), { bytes_max: 4_194_304, depth_max: 64, nodes_max: 100_000 });
  if (!read.ok || !isObject(read.value)) return null;
  const given = read.value['arguments'];
  if (given === undefined || !isObject(given)) return null;
  const entries = Object.entries(given);
  if (entries.length === 0) return html`<p class="quiet">The call has no arguments.</p>`;
  return html`<dl class="arguments">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${untrusted(name)}</dt>
          <dd>${valueLines(value)}</dd>
        </div>`,
    )}
  </dl>`;
}

function valueLines(value: StrictJson): Html {
  const text = typeof value === 'string' ? value : writeStrictJson(value);
  const kind =
    typeof value === 'string' ? 'text' : Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
  const lines = text.split('\n');
  const label = html`<span class="quiet"
    >${kind}${lines.length > 1 ? `, ${lines.length} lines` : ''}${text === '' ? ', empty' : ''}</span
  >`;
  return html`${label}
    <ol class="lines">
      ${lines.map((line) => html`<li><code>${untrusted(line)}</code></li>`)}
    </ol>`;
}

function isObject(value: StrictJson): value is { readonly [key: string]: StrictJson } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
