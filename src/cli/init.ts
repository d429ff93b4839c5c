import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../support/errors.ts';
import { oneOf } from './option-values.ts';
import { print, printJson, say } from './output.ts';

const endings = ['ts', 'mjs', 'json'] as const;
type Ending = (typeof endings)[number];

interface InitFlags {
  readonly as?: Ending;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .summary("write a project's file")
    .description(
      "Writes wgtune.config here: where the logs are, what budgets tuning has, and the project's workloads. Then `wgtune tune` tunes all of them, and `wgtune check` verifies in CI what was committed. Options of the command line come before environment variables (WGTUNE_DEVICE, WGTUNE_LOG, WGTUNE_PROFILE, WGTUNE_TRIALS, WGTUNE_TIME_LIMIT, WGTUNE_SEED), these before the file.",
    )
    .option(
      '--as <ending>',
      `one of ${endings.join(', ')} (default: ts beside a tsconfig.json, else mjs)`,
      oneOf('--as', endings),
    )
    .option('--force', 'replace a file that is there')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  wgtune init\n  wgtune init --as json --force')
    .action(runInit);
}

function runInit(flags: InitFlags): void {
  const ending = flags.as ?? (existsSync('tsconfig.json') ? 'ts' : 'mjs');
  const file = `wgtune.config.${ending}`;
  const there = endings.map((other) => `wgtune.config.${other}`).find((name) => existsSync(name));
  if (there !== undefined && !(flags.force && there === file))
    throw new UserError(
      there === file
        ? `${file} is there already; edit it, or add --force to replace it`
        : `${there} configures this project already; remove it first, or edit it`,
    );
  try {
    writeFileSync(file, ending === 'json' ? `${JSON.stringify(example, null, 2)}\n` : moduleText);
  } catch (error) {
    throw new UserError(
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}); run \`wgtune init\` in a folder that can be`,
    );
  }
  if (flags.json) printJson({ file });
  else print(file);
  say('next: list your workloads in it, then `wgtune tune`, and `wgtune check` in CI');
}

const example = {
  log: 'tuning-logs',
  timeLimit: 90,
  workloads: [{ operator: 'matmul', shape: { m: 128, n: 128, k: 128 }, export: 'kernels/matmul' }],
} as const;

const moduleText = `import { defineConfig } from 'wgtune';

export default defineConfig({
  // Folder of the tuning logs; commit it, so that nobody measures anew what is known.
  log: 'tuning-logs',
  // Seconds for each workload; \`trials\` limits candidates instead.
  timeLimit: 90,
  // device: 'lavapipe',
  // profile: 'browser',
  // seed: 1,

  // What \`wgtune tune\` tunes and \`wgtune check\` verifies. \`export\` is where the app's bundle lies.
  workloads: [
    { operator: 'matmul', shape: { m: 128, n: 128, k: 128 }, export: 'kernels/matmul' },
    // { operator: 'softmax', shape: 'rows=64,cols=1000', dtype: 'f16', trials: 200 },
    // { operator: 'matmul', shape: 'm=1,n=4096,k=4096', constant: 'B', epilogue: 'relu(x + bias)' },
  ],
});
`;
