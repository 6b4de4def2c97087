import { sandboxContract } from './sandbox.contract.ts';

sandboxContract({ kind: 'none', network: false, read_only: [] }, { children: 100 });
