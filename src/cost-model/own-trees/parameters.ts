import { InternalError } from '../../support/errors.ts';

/** What decides how trees grow, under XGBoost's meanings of the words. */
export interface TreeParameters {
  /** What a leaf's weight is multiplied by. */
  readonly eta: number;
  /** A split must gain more than this. */
  readonly gamma: number;
  readonly maxDepth: number;
  /** Hessians that each side of a split must hold at least. */
  readonly minChildWeight: number;
  /** L2 regularisation of the weights of leaves. */
  readonly lambda: number;
  /** Bins of a column at most. */
  readonly maxBin: number;
  /** Fraction of the rows, and of the columns, that a tree sees. */
  readonly subsample: number;
  readonly colsample: number;
  /** Pairs that each row is put into in every round of a ranking. */
  readonly pairs: number;
}

interface Limits {
  readonly names: readonly string[];
  readonly usual: number;
  readonly least: number;
  readonly most: number;
  readonly whole?: true;
}

/** Bins are numbered in 16 bits, of which one number stands for missing values. */
const mostBins = 65_534;

const known: Readonly<Record<keyof TreeParameters, Limits>> = {
  eta: { names: ['eta', 'learning_rate'], usual: 0.3, least: 0, most: Number.MAX_VALUE },
  gamma: { names: ['gamma', 'min_split_loss'], usual: 0, least: 0, most: Number.MAX_VALUE },
  maxDepth: { names: ['max_depth'], usual: 6, least: 1, most: 30, whole: true },
  minChildWeight: { names: ['min_child_weight'], usual: 1, least: 0, most: Number.MAX_VALUE },
  lambda: { names: ['lambda', 'reg_lambda'], usual: 1, least: 0, most: Number.MAX_VALUE },
  maxBin: { names: ['max_bin'], usual: 256, least: 2, most: mostBins, whole: true },
  subsample: { names: ['subsample'], usual: 1, least: 1e-6, most: 1 },
  colsample: { names: ['colsample_bytree'], usual: 1, least: 1e-6, most: 1 },
  pairs: { names: ['num_pairsample'], usual: 1, least: 1, most: 1000, whole: true },
};

/** Reads XGBoost's parameters. Throws InternalError for one that these trees do not have, or a value that it cannot take. */
export function readParameters(given: Readonly<Record<string, string | number>>): TreeParameters {
  const read: Partial<Record<keyof TreeParameters, number>> = {};
  for (const [key, { usual }] of Object.entries(known)) read[key as keyof TreeParameters] = usual;
  for (const [name, value] of Object.entries(given)) {
    if (name === 'tree_method' && value === 'hist') continue;
    const entry = Object.entries(known).find(([, { names }]) => names.includes(name));
    if (entry === undefined)
      throw new InternalError(
        `own trees: there is no parameter ${name} of value ${value}; there are ${Object.values(known)
          .flatMap(({ names }) => names)
          .join(', ')}, and tree_method hist`,
      );
    const [key, limits] = entry;
    read[key as keyof TreeParameters] = inLimits(name, value, limits);
  }
  return read as TreeParameters;
}

function inLimits(name: string, value: string | number, { least, most, whole }: Limits): number {
  const number = typeof value === 'number' ? value : Number.parseFloat(value);
  if (number >= least && number <= most && (whole !== true || Number.isInteger(number))) return number;
  throw new InternalError(
    `own trees: ${name} is ${value}; it must be ${whole === true ? 'a whole number' : 'a number'} from ${least} to ${most}`,
  );
}
