import type { CostModel } from '../../cost-model/cost-model.ts';
import type { Observation } from '../../search/strategy.ts';

/** A trial that was right, as a search sees it. */
export interface TimedObservation extends Observation {
  readonly timeNs: number;
}

/** A model that was fitted without some of the trials, and these. */
export interface HeldOut {
  readonly model: CostModel;
  readonly observations: readonly TimedObservation[];
}
