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
 * The new buffer has one dimension per spatial iter of the block, whatever the layout of the old one: computeAt can then always place
 * the block. The store stands in a nest of its own after the block's; the usual next steps tile the store and computeAt the block there.
 * Where a block writes several buffers, those that are never read disappear: only their copies stay, which the reduction itself needs.
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
    const buffers = site.block.writes.map((write) => findBuffer(program, write.buffer) as Buffer);
    for (const buffer of buffers) {
      if (buffer.scope !== 'storage')
        return refuse('already-cached', () => `block ${name} already writes ${buffer.name} in ${buffer.scope} memory`);
      if (site.block.reducer?.initialises === false || writersOf(program, buffer.name).length > 1) {
        return refuse(
          'several-writers',
          () => `${buffer.name} is written by more than block ${name}`,
          () => 'cacheWrite before decomposeReduction',
        );
      }
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
    const read = buffers.find((buffer) =>
      readersOf(program, buffer.name).some((reader) =>
        reader.around.some((loop) => site.around.includes(loop) && loop !== nest),
      ),
    );
    if (read !== undefined)
      return refuse('read-in-same-nest', () => `${read.name} is read inside the nest of block ${name}`);
    return { site, buffers, scope };
  },
  apply(program, { site, buffers, scope }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const spatial = site.block.iters.filter((iter) => iter.type === 'spatial');
    const caches = buffers.map(
      ({ name, dtype }): Buffer => ({
        name: fresh(`${name}_${scope}`),
        dtype,
        shape: spatial.map((iter) => iter.extent),
        scope,
      }),
    );
    // Some values of a tuple may be needed only by the reduction itself.
    const isWanted = ({ name }: Buffer): boolean =>
      program.outputs.includes(name) || readersOf(program, name).length > 0;
    const dropped = buffers.some(isWanted) ? buffers.filter((buffer) => !isWanted(buffer)) : [];
    const [first] = buffers.filter((buffer) => !dropped.includes(buffer));
    const storeName = fresh(`store_${first?.name}`);
    const indices = spatial.map((iter) => variable(iter.name));
    const loops = spatial.map((iter) => ({ name: fresh(`${storeName}_${iter.name}`), extent: iter.extent }));
    const store: Block = {
      kind: 'block',
      name: storeName,
      iters: spatial.map((iter, i) => ({ ...iter, binding: variable(loops[i]?.name as string) })),
      predicate: [],
      writes: site.block.writes.flatMap((write, i) =>
        dropped.includes(buffers[i] as Buffer)
          ? []
          : [{ buffer: write.buffer, indices: write.indices, value: load(caches[i]?.name as string, indices) }],
      ),
      reducer: null,
    };
    const nest = loops.reduceRight<Stmt>((body, loop) => forLoop(loop.name, loop.extent, body), store);
    const writes = site.block.writes.map(({ value }, i) => ({ buffer: caches[i]?.name as string, indices, value }));
    const redirected = {
      ...program,
      buffers: [...program.buffers.filter((buffer) => !dropped.includes(buffer)), ...caches],
      body: program.body.map((stmt) =>
        mapBlocks(stmt, (block) => (block === site.block ? { ...block, writes } : block)),
      ),
    };
    return insertAfterNest(redirected, site.block.name, nest);
  },
  describe: ({ block, scope }) => `cacheWrite(${block}, ${scope})`,
});
