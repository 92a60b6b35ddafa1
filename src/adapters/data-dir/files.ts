/** What lies where in a data directory. */
export const DATA_FILES = {
  store: 'mandate.db',
  evidence: 'audit.db',
  sealKey: 'keys/evidence-seal.key',
  digestKey: 'keys/digest.key',
  nodeId: 'node-id',
  incarnation: 'incarnation',
  operatorToken: 'admin-token',
  /** Present from a restore until everything that was live in the backup is ended. */
  restored: 'restored.json',
  /** A person's settings; a backup holds them too. */
  config: 'mandate.yaml',
  /** Where a running server listens, for the commands of its user. */
  address: 'address',
  /** The private folders of server processes; emptied at each start. */
  scratch: 'scratch',
  /** The sample organisation of `mandate demo`: what its file server may touch. */
  sample: 'sample',
  lock: 'lock.db',
  /** The process that holds the lock, for an error message of another. */
  holder: 'lock.pid',
} as const;

/** Secrets that the evidence cannot be read or matched without; only in a backup that was asked to hold them. */
export const KEY_FILES = [DATA_FILES.sealKey, DATA_FILES.digestKey] as const;

export const KEY_BYTES = 32;
