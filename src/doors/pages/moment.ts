import { html } from 'hono/html';
import { toRfc3339, type Instant } from '../../core/instant.ts';
import type { Html } from './untrusted.ts';

/** A moment for people, exact for machines, and how far away it is when the page is made. */
export function moment(at: Instant, now: Instant): Html {
  const exact = toRfc3339(at);
  return html`<time datetime="${exact}">${exact.slice(0, 19).replace('T', ' ')} UTC</time>
    <span class="quiet">(${away(at, now)})</span>`;
}

export function away(at: Instant, now: Instant): string {
  const s = Math.round(Math.abs(at - now) / 1000);
  if (s === 0) return 'now';
  const text =
    s < 90
      ? `${s} s`
      : s < 5400
        ? `${Math.round(s / 60)} min`
        : s < 172_800
          ? `${Math.round(s / 3600)} h`
          : `${Math.round(s / 86_400)} days`;
  return at >= now ? `in ${text}` : `${text} ago`;
}
