import { afterEach, describe, expect, it, vi } from 'vitest';
import { searchNames } from '../../src/tuner/events.ts';
import { createModel, createStrategy } from '../../src/tuner/strategies.ts';
import { xgboostMissing } from '../cost-model/fixtures.ts';
import { spaceOf } from '../search/spaces.ts';
import { scratchFolder, tuneWith } from './synthetic.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a model by name', () => {
  it.skipIf(xgboostMissing)('is XGBoost upon the analytic model with fitted costs', () => {
    vi.stubEnv('WGTUNE_BOOSTER', '');
    const { model, name, note } = createModel('xgboost', 'cpu', 1);
    expect([model.name, name, note]).toEqual(['fitted+xgboost', 'xgboost', null]);
  });

  it('is our own trees upon it where they are named, by the name or by the environment', () => {
    const own = ['fitted+own-trees', 'own-trees', null];
    const named = createModel('own-trees', 'cpu', 1);
    expect([named.model.name, named.name, named.note]).toEqual(own);
    vi.stubEnv('WGTUNE_BOOSTER', 'own');
    const { model, name, note } = createModel('xgboost', 'cpu', 1);
    expect([model.name, name, note]).toEqual(own);
  });

  it('is the analytic or the random one', () => {
    expect(createModel('analytic', 'gpu', 1)).toMatchObject({ name: 'analytic', note: null });
    expect(createModel('random', 'cpu', 1)).toMatchObject({ name: 'random', note: null });
  });

  it('is our own trees, with a note and a remedy, where the XGBoost that was named is missing', async () => {
    vi.stubEnv('WGTUNE_BOOSTER', '');
    vi.stubEnv('WGTUNE_XGBOOST_LIBRARY', '/nowhere/libxgboost.so');
    const { model, name, note } = createModel('xgboost', 'cpu', 1);
    expect([model.name, name]).toEqual(['fitted+own-trees', 'own-trees']);
    expect(note).toMatch(
      /XGBoost is not available: .*\/nowhere\/libxgboost.so.*correct it.*wgtune's own trees take its place/,
    );

    const { events, result } = await tuneWith({ logFolder: scratchFolder(), trials: 3, model: 'xgboost' });
    expect(events.filter((event) => event.kind === 'note')).toEqual([{ kind: 'note', message: note }]);
    expect(result).toMatchObject({ model: 'own-trees', trials: 3, stoppedBy: 'trials' });
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
