/**
 * A process for sqlite-crash.test.ts: opens the log named in its first argument and appends from many callers until it is
 * killed or the writer fails. Prints one line for what it knows: `opened SEQ`, `ack SEQ ID`, `failed CODE`.
 */
import { writeSync } from 'node:fs';
import { isMandateError } from '../../core/errors.ts';
import { decisionRecord, NODE, sampleFacts } from '../../ports/sample-evidence.suite.ts';
import { openSqliteEvidence } from './sqlite.ts';

const CALLERS = 32;

const [file = '', start = '0'] = process.argv.slice(2);
let n = Number(start);

// Written at once: what a pipe holds when the process is killed still reaches the reader.
const say = (line: string): void => void writeSync(1, `${line}\n`);

const log = await openSqliteEvidence({
  file,
  org_id: 'org',
  node: NODE,
  sealKey: new Uint8Array(32).fill(7),
  onFailure: (error) => say(`failed ${error.code}`),
});
say(`opened ${log.head().seq}`);

await Promise.all(Array.from({ length: CALLERS }, callUntilRefused));
// Failed is failed: nothing later is taken either, and nothing hangs.
const late = await log.append(decisionRecord((n += 1))).then(
  () => 'taken',
  (error: unknown) => (isMandateError(error) ? error.code : String(error)),
);
say(`late ${late}`);
await log.close();

async function callUntilRefused(): Promise<void> {
  for (;;) {
    const record = decisionRecord((n += 1));
    try {
      const { seq } = await log.append(record, sampleFacts(n));
      say(`ack ${seq} ${record.id}`);
    } catch (error) {
      say(`refused ${isMandateError(error) ? error.code : String(error)}`);
      return;
    }
  }
}
