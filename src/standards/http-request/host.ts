/**
 * Whether a request names one of these hosts (`name` or `name:port`, lower case). A page that made its own name point
 * here (DNS rebinding) still sends that name. A missing Host is refused.
 */
export function isHostAllowed(host: string | null, allowed: readonly string[]): boolean {
  return host !== null && allowed.includes(host.toLowerCase());
}
