import { z } from 'zod';
import { forLoop, load, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Stmt } from '../../ir/nodes.ts';
import { freshName, namesOf } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg, scopeArg } from '../arguments.ts';
import { drivenBy } from '../legality/binding.ts';
import { findBlock, findBuffer, onlyBlockUnder, ownNest, readersOf, writersOf } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { insertAfterNest, mapBlocks } from '../rewrite.ts';

/**
 * C: C[f(i)] += e   ->   C: C_private[i] += e   store_C: C[f(i)] = C_private[i]
 * The new buffer has one dimension a spatial iter of the block, whatever the layout of the old one: computeAt can then always place
 * the block. The store stands in a nest of its own after the block's; the usual next steps tile the store and computeAt the block there.
 * Halide: in + store_in on the producer. TVM: cache_write (with reindex).
 */
export const cacheWrite = definePrimitive({
  name: 'cacheWrite',
  summary: 'Makes a block write to workgroup or private memory; storing the result is a block of its own.',
  rewrite: 'C[i] += e  ->  C_private[i] += e; C[i] = C_private[i]',
  halide: 'in, store_in',
  tvm: 'cache_write',
  args: z.strictObject({ block: nameArg, scope: scopeArg }),
  check(program, { block: name, scope }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const [write, ...more] = site.block.writes;
    if (write === undefined || more.length > 0)
      return refuse('several-writes', () => `block ${name} writes ${site.block.writes.length} buffers; expected one`);
    const buffer = findBuffer(program, write.buffer);
    if (isRefusal(buffer)) return buffer;
    if (buffer.scope !== 'storage')
      return refuse('already-cached', () => `block ${name} already writes ${buffer.name} in ${buffer.scope} memory`);
    if (site.block.reducer?.initialises === false || writersOf(program, buffer.name).length > 1) {
      return refuse(
        'several-writers',
        () => `${buffer.name} is written by more than block ${name}`,
        () => 'cacheWrite before decomposeReduction',
      );
    }
    const nest = ownNest(site);
    const shared = site.around.find(
      (loop) => loop !== nest && onlyBlockUnder(loop) === null && drivenBy(site.block, loop.name),
    );
    if (shared !== undefined) {
      return refuse(
        'loop-shared',
        () =>
          `loop ${shared.name} of block ${name} holds other blocks too, so one iteration would store elements that it has not computed`,
        () => `cacheWrite ${name} before computeAt puts other blocks into its loops`,
      );
    }
    if (
      readersOf(program, buffer.name).some((reader) =>
        reader.around.some((loop) => site.around.includes(loop) && loop !== nest),
      )
    ) {
      return refuse('read-in-same-nest', () => `${buffer.name} is read inside the nest of block ${name}`);
    }
    return { site, write, buffer, scope };
  },
  apply(program, { site, write, buffer, scope }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const spatial = site.block.iters.filter((iter) => iter.type === 'spatial');
    const cache: Buffer = {
      name: fresh(`${buffer.name}_${scope}`),
      dtype: buffer.dtype,
      shape: spatial.map((iter) => iter.extent),
      scope,
    };
    const storeName = fresh(`store_${buffer.name}`);
    const indices = spatial.map((iter) => variable(iter.name));
    const loops = spatial.map((iter) => ({ name: fresh(`${storeName}_${iter.name}`), extent: iter.extent }));
    const store: Block = {
      kind: 'block',
      name: storeName,
      iters: spatial.map((iter, i) => ({ ...iter, binding: variable(loops[i]?.name as string) })),
      predicate: [],
      writes: [{ buffer: buffer.name, indices: write.indices, value: load(cache.name, indices) }],
      reducer: null,
    };
    const nest = loops.reduceRight<Stmt>((body, loop) => forLoop(loop.name, loop.extent, body), store);
    const redirected = {
      ...program,
      buffers: [...program.buffers, cache],
      body: program.body.map((stmt) =>
        mapBlocks(stmt, (block) =>
          block === site.block ? { ...block, writes: [{ buffer: cache.name, indices, value: write.value }] } : block,
        ),
      ),
    };
    return insertAfterNest(redirected, site.block.name, nest);
  },
  describe: ({ block, scope }) => `cacheWrite(${block}, ${scope})`,
});
