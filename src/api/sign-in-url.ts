/** Where the holder of a sign-in link goes. Opening it changes nothing; sending the form there uses it up. */
export function signInUrl(publicUrl: string, secret: string): string {
  return `${publicUrl}/sign-in?link=${encodeURIComponent(secret)}`;
}
