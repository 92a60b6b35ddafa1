import { storeSuite } from '../../ports/store.suite.ts';
import { openMemoryStore } from './memory.ts';

storeSuite('the memory store', async (t) => {
  const store = openMemoryStore();
  t.after(() => store.close());
  return store;
});
