import { afterEach, describe, expect, it } from 'vitest';
import { searchNames } from '../../src/tuner/events.ts';
import { createModel, createStrategy } from '../../src/tuner/strategies.ts';
import { xgboostMissing } from '../cost-model/fixtures.ts';
import { spaceOf } from '../search/spaces.ts';
import { scratchFolder, tuneWith } from './synthetic.ts';

const held = process.env.WGTUNE_XGBOOST_LIBRARY;
afterEach(() => {
  if (held === undefined) delete process.env.WGTUNE_XGBOOST_LIBRARY;
  else process.env.WGTUNE_XGBOOST_LIBRARY = held;
});

describe('a model by name', () => {
  it.skipIf(xgboostMissing)('is XGBoost upon the analytic model with fitted costs', () => {
    const { model, name, note } = createModel('xgboost', 'cpu', 1);
    expect([model.name, name, note]).toEqual(['fitted+xgboost', 'xgboost', null]);
  });

  it('is the analytic or the random one', () => {
    expect(createModel('analytic', 'gpu', 1)).toMatchObject({ name: 'analytic', note: null });
    expect(createModel('random', 'cpu', 1)).toMatchObject({ name: 'random', note: null });
  });

  it('is the analytic one, its costs fitted, with a note and a remedy, where XGBoost is missing', async () => {
    process.env.WGTUNE_XGBOOST_LIBRARY = '/nowhere/libxgboost.so';
    const { model, name, note } = createModel('xgboost', 'cpu', 1);
    expect([model.name, name]).toEqual(['fitted', 'analytic']);
    expect(note).toMatch(/XGBoost is not available: .*\/nowhere\/libxgboost.so.*Going on with the analytic model/);

    const { events, result } = await tuneWith({ logFolder: scratchFolder(), trials: 3, model: 'xgboost' });
    expect(events.filter((event) => event.kind === 'note')).toEqual([{ kind: 'note', message: note }]);
    expect(result).toMatchObject({ model: 'analytic', trials: 3, stoppedBy: 'trials' });
  });
});

describe('a strategy by name', () => {
  it.each(searchNames)('%s', (name) => {
    const strategy = createStrategy(name, spaceOf('reduce_sum', 'rows=3,cols=5'), {
      seed: 1,
      model: createModel('analytic', 'cpu', 1).model,
    });
    // `auto` says which strategy it chose.
    expect(strategy.name).toBe(name === 'auto' ? 'bayesian' : name);
    expect(strategy.propose(3).length).toBe(3);
  });
});
