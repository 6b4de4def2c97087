import type { Sandbox, SandboxOptions } from './sandbox.ts';

/** Loads only the kind that is asked for. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  switch (options.settings.kind) {
    case 'none':
      return (await import('./no-sandbox.ts')).createNoSandbox(options);
    case 'bubblewrap':
      return (await import('./bubblewrap.ts')).createBubblewrap(options);
    case 'docker':
      return (await import('./docker.ts')).createDocker(options);
  }
}
