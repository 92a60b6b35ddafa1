/**
 * Why a request that carries a cookie may come from a page of somebody else; null when it does not.
 *
 * Ports are of one site, so `same-site` is somebody else too: a page of another local program would send the cookie.
 * A browser sends Origin with everything but GET and HEAD; a request without one is no form of ours.
 * @param origins that are ours, e.g. `http://127.0.0.1:7373`
 */
export function foreignPage(
  request: { readonly method: string; readonly headers: Headers },
  origins: readonly string[],
): string | null {
  const changes = !READS.includes(request.method);
  const origin = request.headers.get('origin');
  if (origin !== null && !origins.includes(origin)) return 'The page that sent this is of another origin.';
  if (changes && origin === null) return 'A request with a cookie that changes something needs an Origin header.';
  const site = request.headers.get('sec-fetch-site');
  if (site === null || site === 'same-origin' || site === 'none') return null;
  const followsLink = !changes && site === 'same-site' && request.headers.get('sec-fetch-mode') === 'navigate';
  return followsLink ? null : 'The browser says that another site sent this.';
}

const READS = ['GET', 'HEAD'];
