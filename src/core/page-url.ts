import type { ApprovalId } from './ids.ts';

/** Where a person reads and answers an approval. @param publicUrl without a slash at the end */
export function approvalUrl(publicUrl: string, approval: ApprovalId): string {
  return `${publicUrl}/approvals/${approval}`;
}

/** Where the holder of a sign-in link goes. Opening it changes nothing; sending the form there uses it up. */
export function signInUrl(publicUrl: string, secret: string): string {
  return `${publicUrl}/sign-in?link=${encodeURIComponent(secret)}`;
}
