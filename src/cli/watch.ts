import type { Command } from 'commander';
import type { WatchScreen } from '../report/watch-screen.ts';
import { UserError } from '../support/errors.ts';
import { configuredLog } from './config.ts';
import { positiveNumber } from './option-values.ts';
import { say } from './output.ts';

interface WatchFlags {
  readonly every: number;
  readonly once?: boolean;
  readonly json?: boolean;
}

export function addWatchCommand(program: Command): void {
  program
    .command('watch')
    .summary('follow a tuning run by its log')
    .description(
      'Follows a tuning run that another process makes, by the log it writes: each new best as it is found, how far the run is, and when it has ended. Given a folder it follows the newest log there, and goes over to a newer one when that begins. On a terminal one line is drawn again and again; elsewhere only lines that stay. Ends by Ctrl-C.',
    )
    .argument('[log]', 'a log file, or a folder of them (default: tuning-logs)')
    .option('--every <seconds>', 'how often to look', positiveNumber('--every', 'seconds'), 0.5)
    .option('--once', 'tell what is there now, and end')
    .option('--json', 'print a line of JSON for every log and trial')
    .addHelpText(
      'after',
      `
Examples:
  wgtune watch
  wgtune watch tuning-logs --once --json`,
    )
    .action(runWatch);
}

async function runWatch(given: string | undefined, flags: WatchFlags): Promise<void> {
  const { defaultLogFolder } = await import('../records/log-writer.ts');
  const { createWatchScreen } = await import('../report/watch-screen.ts');
  const path = given ?? configuredLog() ?? defaultLogFolder;
  const screen = createWatchScreen(process.stdout, flags.json === true);
  const look = await createLook(path, screen);
  const sleeper = createSleeper();
  let hasWaited = false;
  process.on('SIGINT', sleeper.end);
  try {
    while (!sleeper.hasEnded()) {
      const found = await look();
      if (!found && flags.once)
        throw new UserError(`there is no tuning log in ${path}; name a log file, or a folder of them`);
      if (flags.once) return;
      if (!found && !hasWaited) say(`waiting for a tuning log in ${path}`);
      hasWaited = true;
      await sleeper.sleep(flags.every * 1000);
    }
  } finally {
    process.off('SIGINT', sleeper.end);
    screen.end();
  }
}

/** Shows what is new in the newest log of a path; the result tells whether there is a log. */
async function createLook(path: string, screen: WatchScreen): Promise<() => Promise<boolean>> {
  const { createLogFollower } = await import('../records/follow-log.ts');
  const { newestLog } = await import('../records/log-files.ts');
  const { describeFault } = await import('../records/log-fault.ts');
  let current: { readonly file: string; readonly poll: ReturnType<typeof createLogFollower>['poll'] } | null = null;
  return async () => {
    const file = await newestLog(path);
    if (file !== null && file !== current?.file) {
      current = { file, poll: createLogFollower(file).poll };
      screen.begin(file);
    }
    if (current === null) return false;
    for (const item of current.poll()) {
      if ('severity' in item) screen.note(describeFault(item));
      else screen.show(item);
    }
    screen.draw();
    return true;
  };
}

interface Sleeper {
  sleep(milliseconds: number): Promise<void>;
  /** Ends this sleep, and all that follow. */
  end(): void;
  hasEnded(): boolean;
}

function createSleeper(): Sleeper {
  const controller = new AbortController();
  return {
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        if (controller.signal.aborted) return resolve();
        const timer = setTimeout(resolve, milliseconds);
        controller.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    end: () => controller.abort(),
    hasEnded: () => controller.signal.aborted,
  };
}
