import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createHistory } from '../../search/history.ts';
import { featureRows } from '../../search/space/feature-rows.ts';
import { createUnguidedSearch } from '../../search/strategies/unguided.ts';
import { candidateKey, type Observation, type SearchStrategy } from '../../search/strategy.ts';
import { createTally } from '../../search/tally.ts';
import { UserError } from '../../support/errors.ts';
import { printable } from '../../support/printable.ts';
import { createRandom, type Random } from '../../support/random.ts';
import type { TierTask } from './tiers.ts';

/** What a method of the user's own is told before its first trial; the same object in all calls of one run. */
export interface MethodTask {
  /** Name of the target's space. */
  readonly target: string;
  /** Every candidate of the target: its sketch, and the values of its decisions. */
  readonly candidates: readonly { readonly sketch: number; readonly values: readonly number[] }[];
  /** Features of the candidates, `columns` numbers each. */
  readonly features: Float32Array;
  readonly columns: number;
  /**
   * What is known of each source: nanoseconds of the target's candidates there (null: it failed there; undefined: nobody measured it), and all measured rows
   * with features in the same columns and throughput relative to the source's best (0 for a failure).
   */
  readonly sources: readonly {
    readonly name: string;
    readonly timesNs: readonly (number | null | undefined)[];
    readonly features: Float32Array;
    readonly labels: Float32Array;
  }[];
  readonly seed: number;
  readonly random: Random;
}

/** A trial so far: the candidate's position, and its nanoseconds (null: it failed). */
export interface MethodTrial {
  readonly at: number;
  readonly timeNs: number | null;
}

/** Says which candidate is to be measured next, by its position; null or undefined ends the run. Not asynchronous. */
export type TransferMethod = (task: MethodTask, measured: readonly MethodTrial[]) => unknown;

const loaded = new Map<string, Promise<TransferMethod>>();

/** A tier made of the function that a module exports. Rejects with UserError that says what is wrong with the module. */
export async function loadMethod(path: string): Promise<(task: TierTask) => SearchStrategy> {
  const held = loaded.get(path) ?? methodOf(path);
  loaded.set(path, held);
  const method = await held;
  return (task) => createMethodSearch(path, method, task);
}

async function methodOf(path: string): Promise<TransferMethod> {
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    throw new UserError(`${path} cannot be loaded: ${(error as Error).message}`, undefined, { cause: error });
  }
  const functions = Object.values(module).filter((value) => typeof value === 'function');
  const method = module.default ?? functions[0];
  if (typeof method !== 'function' || (module.default === undefined && functions.length > 1))
    throw new UserError(`${path} must export one function: (task, measured) => position of the next candidate`);
  return method as TransferMethod;
}

function createMethodSearch(path: string, method: TransferMethod, { target, sources, seed }: TierTask): SearchStrategy {
  const { space, candidates } = target;
  const task: MethodTask = {
    target: target.name,
    candidates,
    features: featureRows(target),
    columns: space.columns,
    sources: sources.map(({ name, timesNs, rows, labels }) => ({ name, timesNs, features: rows, labels })),
    seed,
    random: createRandom(seed).fork('method'),
  };
  const positions = new Map(candidates.map((candidate, at) => [candidateKey(candidate), at]));
  const measured: MethodTrial[] = [];
  const history = createHistory(space);
  const search = createUnguidedSearch(path, { history, tally: createTally() }, () => {
    const at = chosenBy(path, () => method(task, measured));
    if (at === null) return null;
    const candidate = candidates[at];
    if (candidate === undefined || history.has(candidate))
      throw new UserError(
        `${path} chose candidate ${at}, ${candidate === undefined ? `and there are ${candidates.length}` : 'which was measured before'}`,
      );
    return candidate;
  });
  return {
    ...search,
    round: 1,
    async observe(results: readonly Observation[]) {
      await search.observe(results);
      for (const { candidate, timeNs } of results)
        measured.push({ at: positions.get(candidateKey(candidate)) as number, timeNs });
    },
  };
}

function chosenBy(path: string, choose: () => unknown): number | null {
  let chosen: unknown;
  try {
    chosen = choose();
  } catch (error) {
    throw new UserError(`${path} throws: ${(error as Error).message}`, undefined, { cause: error });
  }
  if (chosen === null || chosen === undefined) return null;
  if (Number.isInteger(chosen)) return chosen as number;
  throw new UserError(`${path} must return the position of a candidate, and returned ${printable(String(chosen))}`);
}
