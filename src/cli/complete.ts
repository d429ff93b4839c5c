import { readdirSync } from 'node:fs';
import type { Argument, Command, Option } from 'commander';
import { listOperators } from '../operators/catalog.ts';
import { listedNames } from './option-values.ts';
import { createProgram } from './program.ts';

/** What may stand at the end of a command line. */
interface Completions {
  readonly values: readonly (readonly [value: string, description: string])[];
  /** Whether names of files may stand there, too, which the shell knows best. */
  readonly files: boolean;
}

const none: Completions = { values: [], files: false };
const files: Completions = { values: [], files: true };

/** Directives of the scripts' protocol, which is that of Go's cobra: the shell shall offer no files; it shall do as it likes. */
const directives = { noFiles: 4, none: 0 } as const;

/** The answer to a completion script: a line for each value with its description, then what the shell shall do. */
export function completionAnswer(words: readonly string[], logFolder?: string): string {
  const { values, files: mayBeFile } = completionsOf(words, logFolder);
  const last = words.at(-1) ?? '';
  const lines = values
    .filter(([value]) => value.startsWith(last))
    .map(([value, text]) => `${value}\t${firstSentence(text)}`);
  return [...lines, `:${mayBeFile ? directives.none : directives.noFiles}`].join('\n');
}

/** `words`: those after the name of the program; the last one is being written, and may be empty. */
function completionsOf(words: readonly string[], logFolder = 'tuning-logs'): Completions {
  const last = words.at(-1) ?? '';
  const program = createProgram();
  let command = program;
  let placed = 0;
  let open: Option | null = null;
  for (const word of words.slice(0, -1)) {
    if (open !== null) open = null;
    else if (word.startsWith('-')) open = openOption(command, program, word);
    else {
      const next = placed === 0 ? command.commands.find((sub) => sub.name() === word) : undefined;
      if (next === undefined) placed += 1;
      else command = next;
    }
  }
  if (open !== null) return valuesOfOption(open, logFolder);
  const [flag = '', value] = last.split('=');
  if (last.startsWith('-') && value !== undefined) {
    const option = optionNamed(command, program, flag);
    const found = option === undefined ? none : valuesOfOption(option, logFolder);
    return { ...found, values: found.values.map(([name, text]) => [`${flag}=${name}`, text]) };
  }
  if (last.startsWith('-')) {
    const options = new Set([...command.options, ...program.options]);
    const named = [...options].flatMap(({ long, description }) => (long == null ? [] : [[long, description] as const]));
    return { values: [...named, ['--help', 'show help']], files: false };
  }
  if (command.commands.length > 0)
    return { values: command.commands.map((sub) => [sub.name(), sub.summary()]), files: false };
  const { registeredArguments } = command;
  const argument = registeredArguments[placed] ?? registeredArguments.findLast(({ variadic }) => variadic);
  return argument === undefined ? none : valuesOfArgument(argument);
}

function optionNamed(command: Command, program: Command, flag: string): Option | undefined {
  return [...command.options, ...program.options].find(({ short, long }) => flag === short || flag === long);
}

/** The option whose value the next word is; null where it takes none, or has it behind an equals sign. */
function openOption(command: Command, program: Command, word: string): Option | null {
  if (word.includes('=')) return null;
  const option = optionNamed(command, program, word);
  return option?.required || option?.optional ? option : null;
}

function valuesOfOption(option: Option, logFolder: string): Completions {
  const names = listedNames(option.parseArg);
  if (names !== null) return plain(names);
  if (option.attributeName() === 'device') return plain(deviceNames(logFolder));
  if (option.attributeName() === 'dtype') return plain(['f32', 'f16']);
  if (option.attributeName() === 'operator') return operators();
  return /<(file|files|folder)>/.test(option.flags) ? files : none;
}

function valuesOfArgument(argument: Argument): Completions {
  const names = listedNames(argument.parseArg);
  if (names !== null) return plain(names);
  // An operator may be a module's path.
  return argument.name() === 'operator' ? { ...operators(), files: true } : files;
}

function operators(): Completions {
  return { values: listOperators().map(({ name, summary }) => [name, summary]), files: false };
}

function plain(names: readonly string[]): Completions {
  return { values: names.map((name) => [name, '']), files: false };
}

/** Names that are always the same, and those of the log files: to probe drivers takes longer than anybody waits for a completion. */
function deviceNames(logFolder: string): readonly string[] {
  const known = ['swiftshader', 'lavapipe', 'lavapipe-128', 'lavapipe-256', 'lavapipe-512'];
  return [...new Set([...known, ...loggedDevices(logFolder)])];
}

/** `20261120-101530-matmul-lavapipe-1f0c2a.jsonl` is a run on lavapipe; a name may have dashes, an operator's has none in file names made of letters. */
function loggedDevices(folder: string): readonly string[] {
  try {
    const made = listOperators().map(({ name }) => name.replace(/[^a-z0-9]+/g, '-'));
    return readdirSync(folder).flatMap((file) => {
      const [, rest = ''] = /^\d{8}-\d{6}-(.+)-[0-9a-f]{6}\.jsonl$/.exec(file) ?? [];
      const operator = made.filter((name) => rest.startsWith(`${name}-`)).sort((a, b) => b.length - a.length)[0];
      return operator === undefined ? [] : [rest.slice(operator.length + 1)];
    });
  } catch {
    return [];
  }
}

/** Shells show one line. */
function firstSentence(text: string): string {
  const [first = ''] = text.split(/[;:(\n\t]/);
  return first.trim();
}
