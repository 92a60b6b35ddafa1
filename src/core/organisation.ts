/** The one organisation of an installation, for now; every stored key already begins with it. */
export const ORG_ID = 'org';
