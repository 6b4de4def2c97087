import type { PreflightContext } from '../core/call/preflight.ts';
import type { Image, ProviderFor } from '../core/provider.ts';
import type { WorktreeReport } from '../core/result.ts';
import type { DelegationSettings } from '../core/settings.ts';
import type { Store } from '../core/store.ts';
import type { Json } from '../core/task.ts';
import type { DeltaFilter } from '../core/text/redact.ts';
import type { ToolsFor } from '../core/tool.ts';
import type { Transcripts } from '../core/transcript.ts';
import type { Clock } from './clock.ts';
import type { Controls } from './controls.ts';
import type { Leases } from './leases.ts';
import type { Governor } from './limits/governor.ts';
import type { SharedLedger } from './limits/shared-ledger.ts';

/** What running children needs of the world. One value serves a whole process. */
export interface EngineDeps {
  readonly store: Store;
  /** Made once a process by `createLeases` over the same store. */
  readonly leases: Leases;
  /** Made once a process by `createControls`, over the same store and owner. */
  readonly controls: Controls;
  /** Made once a process by `createGovernor`, over the same store and leases. */
  readonly governor: Governor;
  /** The day's budget; absent = there is none. */
  readonly daily?: SharedLedger;
  /** What the parent agent's calls are decided by, and children's under them. */
  readonly decisions: () => PreflightContext;
  readonly providerFor: ProviderFor;
  readonly toolsFor: ToolsFor;
  readonly settings: DelegationSettings;
  readonly clock: Clock;
  /** Time-sortable and unguessable: `d_…` for a delegation, `t_…` for a task. */
  readonly newId: (kind: 'd' | 't') => string;
  /** Takes known keys and whatever looks like one out of a text: for errors. */
  readonly redact: (text: string) => string;
  /** Takes known keys out and leaves every other word as it is: for tool results, and for answers before they are kept. */
  readonly filter: (text: string) => string;
  /** The same for texts that arrive in pieces: for what listeners hear. */
  readonly filterDeltas: () => DeltaFilter;
  /** Absent: no readable files are kept; the journal has everything. */
  readonly transcripts?: Transcripts;
  /** Where a task works that has a worktree, and on which branch; undefined = it has none now. */
  readonly worktreeOf?: (task_id: string) => Promise<Pick<WorktreeReport, 'path' | 'branch'> | undefined>;
  /** What is wrong with `value` by a JSON Schema, one sentence a problem; empty when it validates. */
  readonly validateOutput: (schema: { readonly [key: string]: Json }, value: Json) => Promise<readonly string[]>;
  /** Reads an image named in a task: a path in the workspace, an http(s) URL or a data URL. Throws `REQUEST_INVALID`. */
  readonly loadImage: (ref: string, workspace: string) => Promise<Image>;
}
