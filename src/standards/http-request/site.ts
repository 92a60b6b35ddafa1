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

/**
 * Whether a request says that a page of another origin or site sent it, whatever credential it has. One without these
 * headers comes from a program.
 */
export function isForeignPage(
  said: { readonly origin: string | undefined; readonly site: string | undefined },
  origins: readonly string[],
): boolean {
  return (said.origin !== undefined && !origins.includes(said.origin)) || said.site === 'cross-site';
}

const READS = ['GET', 'HEAD'];
