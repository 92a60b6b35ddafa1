/** The credential that a request carries. `malformed` is one that no reader should guess about. */
export type RequestCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly secret: string }
  | { readonly kind: 'cookie'; readonly secret: string }
  | { readonly kind: 'both' }
  | { readonly kind: 'malformed' };

/**
 * Finds the one credential of a request: `Authorization: Bearer …` (RFC 6750 §2.1) or a cookie of this name. Another
 * scheme, an empty secret or two cookies of the name are `malformed`, never "none": a faulty credential must not pass
 * for an absent one.
 */
export function readCredential(headers: Headers, cookieName: string): RequestCredential {
  const authorization = headers.get('authorization');
  const cookies = readCookies(headers, cookieName);
  if (authorization !== null && cookies.length > 0) return { kind: 'both' };
  if (authorization !== null) {
    const secret = bearerOf(authorization);
    return secret === undefined ? { kind: 'malformed' } : { kind: 'bearer', secret };
  }
  const [cookie] = cookies;
  if (cookie === undefined) return { kind: 'none' };
  return cookies.length === 1 && COOKIE_VALUE.test(cookie) ? { kind: 'cookie', secret: cookie } : { kind: 'malformed' };
}

/** The token of an Authorization header; undefined for every other scheme and form. */
export function bearerOf(authorization: string): string | undefined {
  return BEARER.exec(authorization)?.[1];
}

/** Every value of the cookies with this name, as sent. */
export function readCookies(headers: Headers, name: string): readonly string[] {
  return (headers.get('cookie') ?? '').split(';').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals > 0 && pair.slice(0, equals).trim() === name ? [pair.slice(equals + 1).trim()] : [];
  });
}

/** RFC 9110 §11.1: the name of a scheme is case-insensitive; RFC 6750 §2.1: the token is b64token. A longer one is no token of ours. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]{1,512}=*)$/i;
const COOKIE_VALUE = /^[A-Za-z0-9\-._~]+$/;
