import { UserError } from '../support/errors.ts';
import { explainRefusal, isRefusal, type Refusal } from '../support/refusal.ts';
import type { TreeTrainer } from './booster.ts';
import { libraryTrainer } from './library-trainer.ts';
import { ownTrainer } from './own-trees/own-trainer.ts';
import { loadXgboost } from './xgboost-library.ts';
import { hostPlace, type XgboostPlace } from './xgboost-location.ts';

/** Who trains boosters on this machine. */
interface BoosterFinding {
  readonly trainer: TreeTrainer;
  /** The trainer in words: `XGBoost 1.7.5 of the npm package xgboost_node (<path>)`. */
  readonly description: string;
  /** Why it is not XGBoost's library; null where it is, or where it is not wanted. Its remedy is in the refusal. */
  readonly missing: Refusal | null;
  /** Whether somebody should look at that: a library is there, or was named, and cannot be used. */
  readonly broken: boolean;
}

/** Refusals of machines that simply have no XGBoost. */
const absences: ReadonlySet<string> = new Set(['xgboost-wrong-platform', 'xgboost-not-installed']);

/**
 * XGBoost's library where one is found, else our own trees, which rank as well (`docs/decisions/041-own-trees.md`). `wanted` is what WGTUNE_BOOSTER says: `own` or
 * `xgboost` for that one only. Throws UserError where XGBoost is asked for and not to be had, and for another word.
 */
export function findBooster(
  wanted: string | undefined = process.env.WGTUNE_BOOSTER,
  place: XgboostPlace = hostPlace(),
): BoosterFinding {
  const own = { trainer: ownTrainer, description: "wgtune's own trees" };
  if (wanted === 'own') return { ...own, missing: null, broken: false };
  if (wanted !== undefined && !['', 'xgboost'].includes(wanted))
    throw new UserError(`WGTUNE_BOOSTER is ${wanted}; it must be own or xgboost, or not set`);
  const library = loadXgboost(place);
  if (isRefusal(library)) {
    if (wanted === 'xgboost')
      throw new UserError(`WGTUNE_BOOSTER asks for XGBoost, and it is not available: ${explainRefusal(library)}`);
    return { ...own, missing: library, broken: !absences.has(library.reason) };
  }
  const { version, source, path } = library;
  const description = `XGBoost ${version} ${source === 'WGTUNE_XGBOOST_LIBRARY' ? 'that WGTUNE_XGBOOST_LIBRARY names' : `of ${source}`} (${path})`;
  return { trainer: libraryTrainer(library), description, missing: null, broken: false };
}
