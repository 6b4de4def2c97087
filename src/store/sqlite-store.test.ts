import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSqliteStore } from './sqlite-store.ts';
import { storeContract } from './store.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
storeContract('sqlite', () => openSqliteStore({ file: join(folder, `${files++}.db`) }));
