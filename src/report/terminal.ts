import picocolors from 'picocolors';

/** Where text goes: a stream of the process, or a test's. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Colours = Pick<
  ReturnType<typeof picocolors.createColors>,
  'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'
>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a stream is a terminal on which a line can be drawn again. */
export function isTerminal(stream: TextStream, environment: Environment = process.env): boolean {
  return stream.isTTY === true && environment.TERM !== 'dumb';
}

/**
 * Colours for a terminal, plain text for anything else. NO_COLOR (no-color.org) takes them away and comes first; FORCE_COLOR gives them to a pipe, too, and
 * takes them away where it is 0 or false.
 */
export function coloursFor(stream: TextStream, environment: Environment = process.env): Colours {
  const { NO_COLOR: none = '', FORCE_COLOR: forced = '' } = environment;
  if (none !== '') return picocolors.createColors(false);
  if (forced !== '') return picocolors.createColors(forced !== '0' && forced !== 'false');
  return picocolors.createColors(isTerminal(stream, environment));
}

export const noColours: Colours = picocolors.createColors(false);
