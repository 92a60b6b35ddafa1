/**
 * What a 401 says (RFC 6750 §3). No error code where no credential was sent: "the resource server SHOULD NOT include an
 * error code or other error information".
 */
export function bearerChallenge(realm: string, credential: 'missing' | 'invalid'): string {
  const asked = `Bearer realm="${realm}"`;
  return credential === 'missing' ? asked : `${asked}, error="invalid_token"`;
}
