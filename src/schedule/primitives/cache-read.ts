import { z } from 'zod';
import { forLoop, load, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Stmt } from '../../ir/nodes.ts';
import { freshName, mapExpr, namesOf, readsOf } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg, scopeArg } from '../arguments.ts';
import { findBlock, findBuffer, writersOf } from '../legality/find.ts';
import { definePrimitive } from '../primitive.ts';
import { insertBeforeNest, mapBlocks } from '../rewrite.ts';

/**
 * B: C[i] = f(A[i])   ->   load_A_workgroup: A_workgroup[i] = A[i]   B: C[i] = f(A_workgroup[i])
 * The copy stands in a nest of its own before the block's; computeAt moves it to where a tile of it is needed.
 * Halide: in + store_in. TVM: cache_read.
 */
export const cacheRead = definePrimitive({
  name: 'cacheRead',
  summary: 'Makes a block read a copy of a buffer in workgroup or private memory; the copy is a block of its own.',
  rewrite: 'C[i] = f(A[i])  ->  A_workgroup[i] = A[i]; C[i] = f(A_workgroup[i])',
  halide: 'in, store_in',
  tvm: 'cache_read',
  args: z.strictObject({ block: nameArg, buffer: nameArg, scope: scopeArg }),
  check(program, { block: name, buffer: bufferName, scope }) {
    const site = findBlock(program, name);
    if (isRefusal(site)) return site;
    const buffer = findBuffer(program, bufferName);
    if (isRefusal(buffer)) return buffer;
    const reads = readsOf(site.block);
    if (!reads.some((read) => read.buffer === bufferName)) {
      return refuse(
        'not-read',
        () => `block ${name} does not read ${bufferName}`,
        () => `it reads ${[...new Set(reads.map((read) => read.buffer))].join(', ') || 'nothing'}`,
      );
    }
    if (site.block.writes.some((write) => write.buffer === bufferName))
      return refuse(
        'reads-own-write',
        () => `block ${name} writes ${bufferName} itself, so a copy of it would be stale`,
      );
    const writer = writersOf(program, bufferName).find((other) =>
      other.around.some((loop) => site.around.includes(loop)),
    );
    if (writer !== undefined && buffer.scope === 'private' && scope === 'workgroup') {
      return refuse(
        'scope-widens',
        () => `${bufferName} is private to an invocation; a copy in workgroup memory would mix invocations`,
      );
    }
    return { site, buffer, scope };
  },
  apply(program, { site, buffer, scope }) {
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const cacheName = fresh(`${buffer.name}_${scope}`);
    const blockName = fresh(`load_${cacheName}`);
    const cache: Buffer = { name: cacheName, dtype: buffer.dtype, shape: buffer.shape, scope };
    const iterNames = buffer.shape.map((_, d) => `d${d}`);
    const loopNames = iterNames.map((iter) => fresh(`${blockName}_${iter}`));
    const indices = iterNames.map(variable);
    const copy: Block = {
      kind: 'block',
      name: blockName,
      iters: iterNames.map((iter, d) => ({
        name: iter,
        extent: buffer.shape[d] as number,
        type: 'spatial',
        binding: variable(loopNames[d] as string),
      })),
      predicate: [],
      writes: [{ buffer: cacheName, indices, value: load(buffer.name, indices) }],
      reducer: null,
    };
    const nest = loopNames.reduceRight<Stmt>((body, loop, d) => forLoop(loop, buffer.shape[d] as number, body), copy);
    const redirected = {
      ...program,
      buffers: [...program.buffers, cache],
      body: program.body.map((stmt) =>
        mapBlocks(stmt, (block) =>
          block !== site.block
            ? block
            : {
                ...block,
                writes: block.writes.map((write) => ({
                  ...write,
                  value: mapExpr(write.value, (expr) =>
                    expr.kind === 'load' && expr.buffer === buffer.name ? load(cacheName, expr.indices) : expr,
                  ),
                })),
              },
        ),
      ),
    };
    return insertBeforeNest(redirected, site.block.name, nest);
  },
  describe: ({ block, buffer, scope }) => `cacheRead(${block}, ${buffer}, ${scope})`,
});
