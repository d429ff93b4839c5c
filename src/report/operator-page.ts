import type { Example, Operator, ParameterSpec } from '../operators/operator.ts';
import { formatTable } from './table.ts';
import type { Colours } from './terminal.ts';

/** Every operator with its one line. */
export function formatOperatorList(operators: readonly Operator[], colours: Colours): string {
  const rows = operators.map(({ name, summary }) => [name, summary]);
  const table = formatTable([{ title: 'OPERATOR' }, { title: 'COMPUTES' }], rows, (cell, row, column) =>
    row < 0 ? colours.dim(cell) : column === 0 ? colours.bold(cell) : cell,
  );
  return `${table}\n\n\`wgtune ops ${operators[0]?.name ?? '<name>'}\` shows an operator's dimensions and their defaults.`;
}

/** What one operator takes, and a command to tune it; `word` is what the command line calls it. */
export function formatOperator(operator: Operator, colours: Colours, word = operator.name): string {
  const { name, summary, parameters, attributes } = operator;
  const dimTitles = (cell: string, row: number): string => (row < 0 ? colours.dim(cell) : cell);
  const parts = [`${colours.bold(name)}: ${summary}`];
  parts.push(
    formatTable(
      [{ title: '-s' }, { title: 'DEFAULT', align: 'right' }, { title: 'TAKES' }, { title: 'MEANING' }],
      Object.entries(parameters).map(([key, spec]) => [key, String(spec.default), rangeOf(spec), spec.doc]),
      dimTitles,
    ),
  );
  if (Object.keys(attributes).length > 0) {
    parts.push(
      formatTable(
        [{ title: '--attr' }, { title: 'DEFAULT' }, { title: 'MEANING' }],
        Object.entries(attributes).map(([key, spec]) => [key, spec.default, spec.doc]),
        dimTitles,
      ),
    );
  }
  parts.push(`example\n  ${exampleCommand(operator, word)}`);
  for (const example of operator.examples) {
    parts.push(`${example.says}\n  ${commandOf(example, word)}`);
  }
  return parts.join('\n\n');
}

/** The command that an example of an operator stands for. */
function commandOf({ shape, attributes = {} }: Example, word: string): string {
  const texts = Object.entries(attributes).map(([name, text]) => {
    // Quoted where it has characters that a shell would interpret.
    const value = `${name}=${text}`;
    return ` --attr ${/^[\w=.,:+-]+$/.test(value) ? value : `'${value}'`}`;
  });
  return `wgtune tune ${word}${shape === undefined ? '' : ` -s ${shape}`}${texts.join('')}`;
}

/** A command that tunes the operator with its defaults written out. */
export function exampleCommand({ name, parameters, attributes }: Operator, word = name): string {
  const dimensions = Object.entries(parameters).filter(([, spec]) => spec.kind === 'dimension' && !spec.optional);
  const shape = dimensions.map(([key, spec]) => `${key}=${spec.default}`).join(',');
  const [attribute] = Object.entries(attributes).filter(([, spec]) => !spec.optional);
  const attr = attribute === undefined ? '' : ` --attr '${attribute[0]}=${attribute[1].default}'`;
  return `wgtune tune ${word}${shape === '' ? '' : ` -s ${shape}`}${attr}`;
}

function rangeOf({ kind, min, max }: ParameterSpec): string {
  if (kind === 'flag') return '0 or 1';
  return max >= 2 ** 31 - 1 ? `${min} or more` : `${min} to ${max}`;
}

/** What one operator takes, as plain data. */
export function describeOperator(operator: Operator, word = operator.name): Record<string, unknown> {
  const { name, summary, parameters, attributes } = operator;
  const examples = operator.examples.map((example) => ({ ...example, command: commandOf(example, word) }));
  return { name, summary, parameters, attributes, example: exampleCommand(operator, word), examples };
}
