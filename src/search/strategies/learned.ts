import type { CostModel } from '../../cost-model/cost-model.ts';
import type { History } from '../history.ts';
import type { LogSeconds } from '../scoring/per-second.ts';

/** The options of every strategy with a cost model. */
export interface LearnedOptions {
  readonly seed: number;
  readonly model: CostModel;
  /** How long trials take: then candidates are chosen by what they may gain per second. Absent where all trials count alike. */
  readonly logSeconds?: LogSeconds;
  /** True where kernels may not end in time: until one has ended, the model alone chooses, and nothing is drawn at random. */
  readonly isCautious?: () => boolean;
}

/** Whether a search has to be cautious now: it was asked to, and no kernel has ended yet. */
export function cautionOf({ isCautious }: LearnedOptions, history: Pick<History, 'bestNs'>): () => boolean {
  return () => history.bestNs === null && isCautious?.() === true;
}
