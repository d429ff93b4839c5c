import type { Command } from 'commander';
import { addModuleOption } from './kernel-options.ts';
import { print, printJson } from './output.ts';
import { operatorNamed } from './user-module.ts';

export function addOpsCommand(program: Command): void {
  const command = program
    .command('ops')
    .summary('list the operators, or what one of them takes')
    .description(
      'Lists the operators that can be tuned. With a name: its dimensions and other parameters (for -s), its texts (for --attr), their defaults and meaning, and an example.',
    )
    .argument('[operator]', 'the operator to describe: its name, or the path of a module that defines it');
  addModuleOption(command)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  wgtune ops
  wgtune ops conv2d
  wgtune ops conv2d --json
  wgtune ops ./my-op.mjs`,
    )
    .action(
      async (
        name: string | undefined,
        { json, moduleTimeout }: { readonly json?: boolean; readonly moduleTimeout?: number },
      ) => {
        const { findOperator, listOperators } = await import('../operators/catalog.ts');
        const page = await import('../report/operator-page.ts');
        const { coloursFor } = await import('../report/terminal.ts');
        const colours = coloursFor(process.stdout);
        if (name === undefined) {
          if (json) printJson(listOperators().map((operator) => page.describeOperator(operator)));
          else print(page.formatOperatorList(listOperators(), colours));
          return;
        }
        const operator = findOperator(await operatorNamed(name, { seconds: moduleTimeout }));
        if (json) printJson(page.describeOperator(operator, name));
        else print(page.formatOperator(operator, colours, name));
      },
    );
}
