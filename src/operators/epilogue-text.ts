import { type ElementFormula, operandsOf, parseFormula } from './elementwise-language.ts';

/*
 * The text of an epilogue: a formula and, behind a semicolon, what is to be said of its inputs.
 *
 *   epilogue    = formula (";" declaration ("," declaration)*)?
 *   declaration = input ":" ("tensor" | "channel")
 *
 * An input that is not declared has one value a channel; but `r` and `residual`, where a user says no more, are tensors, as everybody who
 * writes relu(x + r) means it. Workloads hold every tensor declared and nothing else, so that a text in a record means one thing.
 */

/** The name of the operator's result in a formula. */
export const result = 'x';

const kinds = ['tensor', 'channel'] as const;
type Kind = (typeof kinds)[number];

/** Inputs that have the output's shape unless a user says otherwise. */
const tensorsByName: readonly string[] = ['r', 'residual'];

export interface EpilogueFormula {
  readonly kind: 'epilogue';
  readonly formula: ElementFormula;
  /** The formula's inputs in the order of their first use, each with whether it has the output's whole shape or one value a channel. */
  readonly inputs: readonly { readonly name: string; readonly isTensor: boolean }[];
}

/** A text that is no epilogue, and why. */
interface EpilogueError {
  readonly kind: 'epilogue-error';
  readonly message: string;
}

const wrong = (message: string): EpilogueError => ({ kind: 'epilogue-error', message });

/** What a text says, without the meaning that some names have for users. */
export function parseEpilogue(text: string): EpilogueFormula | EpilogueError {
  const [written = '', declarations, ...more] = text.split(';');
  const formula = parseFormula(written, null);
  if (formula.kind === 'formula-error') return wrong(formula.message);
  if (more.length > 0) return wrong('it has two semicolons; declare inputs behind one, separated by commas');
  const names = operandsOf(formula).filter((name) => name !== result);
  const declared = declarations === undefined ? new Map<string, Kind>() : parseDeclarations(declarations, names);
  if ('kind' in declared) return declared;
  return {
    kind: 'epilogue',
    formula,
    inputs: names.map((name) => ({ name, isTensor: declared.get(name) === 'tensor' })),
  };
}

function parseDeclarations(text: string, names: readonly string[]): ReadonlyMap<string, Kind> | EpilogueError {
  const declared = new Map<string, Kind>();
  for (const part of text.split(',')) {
    const [name = '', kind, ...rest] = part.split(':').map((word) => word.trim());
    if (name === '' || kind === undefined || rest.length > 0)
      return wrong(`"${part.trim()}" behind the semicolon must be an input and what it is, e.g. r: tensor`);
    if (!isKind(kind))
      return wrong(
        `"${part.trim()}" must be ${name}: tensor (the output's shape) or ${name}: channel (one value a channel)`,
      );
    if (name === result) return wrong(`${result} is the operator's result and needs no declaration`);
    if (!names.includes(name))
      return wrong(`it declares ${name}, which the formula does not use; ${inputsInWords(names)}`);
    if (declared.has(name)) return wrong(`it declares ${name} twice`);
    declared.set(name, kind);
  }
  return declared;
}

const isKind = (text: string): text is Kind => (kinds as readonly string[]).includes(text);

const inputsInWords = (names: readonly string[]): string =>
  names.length === 0 ? 'it has no inputs' : `its inputs are ${names.join(', ')}`;

/**
 * A user's text as workloads hold it: the formula as it was written, and its tensors declared, those by name too. A text without tensors,
 * and one that is no epilogue, stays as it is.
 */
export function writtenEpilogue(text: string): string {
  const parsed = parseEpilogue(text);
  if (parsed.kind === 'epilogue-error') return text;
  const [formula = '', declarations] = text.split(';');
  const names = parsed.inputs.map(({ name }) => name);
  const declared = parseDeclarations(declarations ?? '', names);
  const said = 'kind' in declared ? new Map<string, Kind>() : declared;
  const tensors = names.filter((name) => (said.has(name) ? said.get(name) === 'tensor' : tensorsByName.includes(name)));
  if (tensors.length > 0) return `${formula.trim()}; ${tensors.map((name) => `${name}: tensor`).join(', ')}`;
  return declarations === undefined ? text : formula.trim();
}
