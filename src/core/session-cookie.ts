/** The name of the cookie that holds a human's session. */
export const SESSION_COOKIE = 'mandate_session';
