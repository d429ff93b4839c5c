import { UserError } from '../support/errors.ts';
import { nearestNames } from '../support/nearest.ts';

/** Reads options' values: each returns a parser that throws UserError with what would be right. */

export function wholeNumber(
  option: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new UserError(`${option} "${text}" must be a whole number ${range}`);
  };
}

export function positiveNumber(option: string, unit: string): (text: string) => number {
  return (text) => {
    const value = /^\+?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (value > 0) return value;
    throw new UserError(`${option} "${text}" must be a number of ${unit} above 0`);
  };
}

export function numberFromZero(option: string, unit: string): (text: string) => number {
  return (text) => {
    if (/^\+?(\d+\.?\d*|\.\d+)$/.test(text)) return Number(text);
    throw new UserError(`${option} "${text}" must be a number of ${unit}, 0 or more`);
  };
}

/** The parser holds its names, for completion; see listedNames. */
export function oneOf<Name extends string>(option: string, names: readonly Name[]): (text: string) => Name {
  const parse = (text: string): Name => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const [near] = nearestNames(text, names, 1);
    throw new UserError(
      `${option} "${text}" must be ${names.join(' or ')}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    );
  };
  return Object.assign(parse, { names });
}

/** The names that a parser of `oneOf` takes; null for any other parser. */
export function listedNames(parser: unknown): readonly string[] | null {
  return typeof parser === 'function' && 'names' in parser ? (parser.names as readonly string[]) : null;
}

/** Collects `name=value` from an option that may be given several times; `earlier` holds the ones before. */
export function assignment(
  option: string,
): (text: string, earlier?: Readonly<Record<string, string>>) => Record<string, string> {
  return (text, earlier = {}) => {
    const sign = text.indexOf('=');
    const name = text.slice(0, Math.max(sign, 0)).trim();
    if (name === '')
      throw new UserError(`${option} "${text}" must be name=value; \`wgtune ops <operator>\` lists the names`);
    if (Object.hasOwn(earlier, name)) throw new UserError(`${option} gives ${name} twice`);
    return { ...earlier, [name]: text.slice(sign + 1) };
  };
}

/** Joins the shapes of several `-s`. */
export function shapeText(text: string, earlier?: string): string {
  return earlier === undefined ? text : `${earlier},${text}`;
}
