import { evidenceLogSuite } from '../../ports/evidence-log.suite.ts';
import { NODE } from '../../ports/sample-evidence.suite.ts';
import { openMemoryEvidence } from './memory.ts';

evidenceLogSuite('the memory log', async () => openMemoryEvidence({ node: NODE }));
