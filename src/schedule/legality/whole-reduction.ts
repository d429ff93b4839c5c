import type { Program } from '../../ir/nodes.ts';
import { type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockSite, ownNest } from './find.ts';
import { requireOnlyWriter } from './producer.ts';

/** Requires a reduction of one value that is computed as a whole, in a nest of its own. `primitive` is the one that wants it. */
export function requireWholeReduction(program: Program, site: BlockSite, primitive: string): Refusal | null {
  const { block, around } = site;
  if (block.reducer === null || !block.reducer.initialises)
    return refuse(
      'no-reduction',
      () => `block ${block.name} is no whole reduction`,
      () => `${primitive} before decomposeReduction`,
    );
  if (block.writes.length > 1)
    return refuse(
      'several-writes',
      () => `block ${block.name} combines tuples of ${block.writes.length} already; expected a reduction of one value`,
    );
  const nest = ownNest(site);
  const shared = nest.kind === 'for' ? around.slice(0, around.indexOf(nest)) : around;
  const [outer] = shared;
  if (outer !== undefined)
    return refuse(
      'loop-shared',
      () => `loop ${outer.name} holds block ${block.name} and other blocks; expected a nest of its own`,
      () => `${primitive} before computeAt and reverseComputeAt`,
    );
  return requireOnlyWriter(program, block.writes[0]?.buffer as string, block.name);
}
