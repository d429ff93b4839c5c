import { printable } from '../support/printable.ts';
import type { Finding } from '../tuner/doctor.ts';
import type { Colours } from './terminal.ts';

const marks = { good: 'ok  ', poor: 'note', bad: 'FAIL' } as const;

/** One line for each finding, and below it what to do. */
export function formatFindings(findings: readonly Finding[], colours: Colours): string {
  const paint = { good: colours.green, poor: colours.yellow, bad: colours.red } as const;
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .map(({ name, state, said, remedy }) => {
      const line = `${paint[state](marks[state])}  ${name.padEnd(width)}  ${printable(said)}`;
      return remedy === null ? line : `${line}\n${' '.repeat(8 + width)}${colours.dim(printable(remedy))}`;
    })
    .join('\n');
}
