import { boosterOf, defaultParams, type TreeTrainer } from '../booster.ts';
import { modelOf } from './model-json.ts';
import { growTrees } from './train.ts';

/** Our own trees as a trainer: it needs no native library, takes one thread, and writes XGBoost's files. */
export const ownTrainer: TreeTrainer = {
  name: 'own-trees',
  train: (training) => {
    const grove = growTrees(training, { ...defaultParams, ...training.params });
    return boosterOf(grove, () => modelOf(grove, training.objective, Number(training.params?.num_pairsample ?? 1)));
  },
};
