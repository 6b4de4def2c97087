import { createMemorySessions } from './memory-sessions.ts';
import { sessionLogsContract, ticking } from './session-logs.contract.ts';

sessionLogsContract('in memory', () => {
  let ids = 0;
  const logs = createMemorySessions({ newId: () => `s_${++ids}`, now: ticking() });
  return { open: () => logs };
});
