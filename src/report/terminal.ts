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

/** Colours for a terminal unless NO_COLOR is set (no-color.org); plain text for anything else. */
export function coloursFor(stream: TextStream, environment: Environment = process.env): Colours {
  const unwanted = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
  return picocolors.createColors(isTerminal(stream, environment) && !unwanted);
}

export const noColours: Colours = picocolors.createColors(false);
