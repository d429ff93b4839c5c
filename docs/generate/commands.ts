import type { Argument, Command, Option } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

/** The command line as Markdown, from the definitions that also print its help. */
export function commandReference(): string {
  const program = createProgram();
  const own = commandsOf(program).filter((command) => command.name() !== 'help');
  return [
    '# Commands',
    '',
    'Made from the definitions of the command line by `npm run docs`. `wgtune <command> --help` says the same.',
    '',
    program.description(),
    '',
    table(
      'command',
      'what it does',
      own.map((command) => [link(command), command.summary() || command.description()]),
    ),
    ...own.flatMap((command) => ['', sectionOf(command)]),
    '',
    exitCodesOf(program),
    '',
  ].join('\n');
}

/** A command, and those below it. */
function commandsOf(parent: Command): Command[] {
  return parent.commands.flatMap((command) => (command.commands.length > 0 ? commandsOf(command) : [command]));
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function link(command: Command): string {
  const name = nameOf(command);
  return `[\`${name}\`](#${name.replaceAll(' ', '-')})`;
}

function sectionOf(command: Command): string {
  const help = command.createHelp();
  const operands = help.visibleArguments(command);
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [
    `## ${nameOf(command)}`,
    '',
    command.description(),
    '',
    `    ${nameOf(command)} ${command.usage()}`,
    ...part(operands, () =>
      table(
        'operand',
        'meaning',
        operands.map((operand: Argument) => [`\`${operand.name()}\``, help.argumentDescription(operand)]),
      ),
    ),
    ...part(options, () =>
      table(
        'option',
        'meaning',
        options.map((option: Option) => [`\`${help.optionTerm(option)}\``, help.optionDescription(option)]),
      ),
    ),
    '',
    examplesOf(command),
  ].join('\n');
}

function part(items: readonly unknown[], text: () => string): string[] {
  return items.length === 0 ? [] : ['', text()];
}

function table(first: string, second: string, rows: readonly (readonly [string, string])[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [`| ${first} | ${second} |`, '| --- | --- |', ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`)].join(
    '\n',
  );
}

/** What a command's help says after its options. */
function helpAfter(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (written) => {
      text += written;
    },
    getOutHelpWidth: () => 1000,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.slice(text.indexOf('\nExamples:\n') + 1);
}

function examplesOf(command: Command): string {
  return helpAfter(command)
    .trimEnd()
    .split('\n')
    .map((line) => (line === 'Examples:' ? `${line}\n` : line.replace(/^ {2}/, '    ')))
    .join('\n');
}

function exitCodesOf(program: Command): string {
  return helpAfter(program).trimEnd().split('\n').at(-1) ?? '';
}
