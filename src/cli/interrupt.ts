import { exitCode } from '../support/errors.ts';

interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  release(): void;
}

/** The first Ctrl-C asks for an end and calls `onFirst`; the second ends the process at once, and its children with it. */
export function catchInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) {
      // Ends the terminal's moving line, so that it stays as it is.
      if (process.stderr.isTTY) process.stderr.write('\n');
      process.exit(exitCode.interrupted);
    }
    controller.abort();
    onFirst();
  };
  process.on('SIGINT', handle);
  return { signal: controller.signal, release: () => process.off('SIGINT', handle) };
}
