import { boundsOf } from '../../arithmetic/bounds.ts';
import { addTerm, exprOfLinear, keyOf, linearOf, type Term } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { add, div, int, mod, mul, variable } from '../../ir/builders.ts';
import type { DeviceLimits } from '../../ir/limits.ts';
import type { Expr } from '../../ir/nodes.ts';
import { printExpr } from '../../ir/printer.ts';
import { usesVar, varsOf } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import type { BlockAccesses, FlatAccess } from '../analysis/accesses.ts';
import { type Region, sizeOf } from '../analysis/regions.ts';
import { type BlockNode, type KernelTree, walkBlocks } from '../tree.ts';

/** How a region lies in the registers of a group of lanes: `step` elements to each lane in turn, then again from the first. */
interface Spread {
  readonly lanes: number;
  readonly step: number;
  /** The region as one lane has it: registers instead of elements. */
  readonly registers: Region;
}

type Accesses = ReadonlyMap<BlockNode, BlockAccesses>;

/**
 * Every buffer in `subgroup` scope becomes registers of the lanes that share it (after TVM's lower_warp_memory). The blocks that write it
 * stand in a subgroup loop, whose variable says which lane has an element: element e lies in lane e / step mod lanes. An access gets the
 * register as its index, and a load also the lane from which to take it. All lanes of a subgroup must take part when values are exchanged, and
 * each offers the one register that the instruction names, so no reader may stand under a guard or want another register than its neighbour.
 */
export function spreadOverLanes(tree: KernelTree, accesses: Accesses, limits: DeviceLimits): Accesses | Refusal {
  if (![...accesses.values()].some((own) => own.writes.some(isSpread) || [...own.loads.values()].some(isSpread)))
    return accesses;
  const spreads = findSpreads(tree, accesses, limits);
  if (isRefusal(spreads)) return spreads;
  let refused: Refusal | null = null;
  const settle = (access: FlatAccess): FlatAccess => {
    if (!isSpread(access)) return access;
    const spread = spreads.get(access.region);
    const settled = spread === undefined ? unwritten(access) : inRegister(access, spread, limits, tree);
    if (!isRefusal(settled)) return settled;
    refused ??= settled;
    return access;
  };
  const changed = new Map<BlockNode, BlockAccesses>();
  for (const [block, { writes, loads }] of accesses)
    changed.set(block, {
      writes: writes.map(settle),
      loads: new Map([...loads].map(([load, access]) => [load, settle(access)])),
    });
  return refused ?? changed;
}

const isSpread = ({ region }: FlatAccess): boolean => region.buffer.scope === 'subgroup';

function findSpreads(tree: KernelTree, accesses: Accesses, limits: DeviceLimits): Map<Region, Spread> | Refusal {
  const spreads = new Map<Region, Spread>();
  let refused: Refusal | null = null;
  walkBlocks(tree.body, (block, path) => {
    const loop = path.findLast((node) => node.kind === 'lanes' && node.axis === 'x');
    const lanes = loop?.kind === 'lanes' && loop.subgroup ? loop.extent : 1;
    for (const access of accesses.get(block)?.writes ?? []) {
      if (!isSpread(access)) continue;
      const { region } = access;
      const step =
        lanes === 1
          ? noLanes(access)
          : lanes > limits.subgroupMinSize
            ? tooMany(access, lanes, limits)
            : stepOf(access, lanes, tree);
      if (isRefusal(step)) {
        refused ??= step;
        continue;
      }
      const held = spreads.get(region);
      if (held !== undefined && (held.lanes !== lanes || held.step !== step))
        refused ??= refuse(
          'subgroup-spread',
          () =>
            `block ${block.name} gives each of ${lanes} lanes ${step} elements of ${region.buffer.name} in turn, and another block each of ${held.lanes} lanes ${held.step}`,
          () => 'split the loops of both alike, or let one block write it',
        );
      spreads.set(region, { lanes, step, registers: registersOf(region, lanes, step) });
    }
  });
  return refused ?? spreads;
}

/** The number of the lane in its group, as build-tree.ts writes it. */
function laneOf(lanes: number, { workgroupSize }: KernelTree): Expr {
  const id = variable('lid.x');
  return workgroupSize[0] > lanes ? mod(id, int(lanes)) : id;
}

/** How many successive elements each lane writes: the lane's factor in the index, if all else moves in whole turns or stays below it. */
function stepOf(access: FlatAccess, lanes: number, tree: KernelTree): number | Refusal {
  const { terms } = linearOf(access.flat);
  const own = terms.get(keyOf(laneOf(lanes, tree)));
  const step = own?.coefficient ?? 0;
  let [low, high] = [0, 0];
  let clean = step > 0;
  for (const term of terms.values()) {
    if (term === own) continue;
    if (usesVar(term.atom, 'lid.x')) clean = false;
    if (term.coefficient % (step * lanes) === 0) continue;
    const { min, max } = boundsOf(term.atom, access.block.ranges);
    low += Math.min(min * term.coefficient, max * term.coefficient);
    high += Math.max(min * term.coefficient, max * term.coefficient);
  }
  const turn = step * lanes;
  const start = linearOf(access.flat).constant % turn;
  if (clean && low + start >= 0 && high + start < step) return step;
  return refuse(
    'subgroup-spread',
    () =>
      `block ${access.block.name} writes element ${printExpr(access.flat)} of ${access.region.buffer.name}, from which no lane of ${lanes} follows`,
    () =>
      `expected lane l to write n elements from l * n on, and so on every ${lanes} * n: split the innermost loop of the copy by [null, ${lanes}] or [null, ${lanes}, n] and bind the one of ${lanes}`,
  );
}

function registersOf(region: Region, lanes: number, step: number): Region {
  const count = Math.ceil(sizeOf(region) / (lanes * step)) * step;
  return { ...region, base: [null], shape: [count], strides: [1], whole: [false] };
}

/** The access with its register as index. A lane that reads its own element needs no exchange. */
function inRegister(
  access: FlatAccess,
  { lanes, step, registers }: Spread,
  limits: DeviceLimits,
  tree: KernelTree,
): FlatAccess | Refusal {
  const { block, flat } = access;
  const { ranges } = block;
  const turn = int(lanes * step);
  const flatRegister = access.isWrite
    ? ownRegister(flat, lanes, step, ranges)
    : simplify(add(mul(div(flat, turn), int(step)), mod(flat, int(step))), ranges);
  const moved: FlatAccess = { ...access, region: registers, flat: flatRegister, dims: [linearOf(flatRegister)] };
  if (access.isWrite) return moved;
  const lane = simplify(mod(div(flat, int(step)), int(lanes)), ranges);
  if (usesVar(flatRegister, 'lid.x'))
    return refuse(
      'subgroup-registers',
      () =>
        `lanes of block ${block.name} read ${access.region.buffer.name} at ${printExpr(flat)} and want register ${printExpr(flatRegister)} of one another, but a lane offers one register at a time`,
      () =>
        `expected what lanes along x read at once to lie within ${lanes * step} elements: keep it in workgroup memory, or bind another loop of the copy`,
    );
  if (keyOf(lane) === keyOf(simplify(laneOf(lanes, tree), ranges))) return moved;
  const [guard] = block.guards;
  if (guard !== undefined)
    return refuse(
      'subgroup-in-branch',
      () =>
        `block ${block.name} reads ${access.region.buffer.name} from other lanes of its subgroup but runs only where ${printExpr(guard)}; expected all invocations of the workgroup to run it`,
      () =>
        [...varsOf(guard)].some((name) => name.startsWith('lid.'))
          ? 'take loops of as many iterations as the workgroup has invocations along their axis, or leave them unbound'
          : `cacheRead(${block.name}, ${access.region.buffer.name}, private) lets all of them copy what it reads, or split by factors that divide`,
    );
  return { ...moved, exchange: { lane, lanes, whole: limits.subgroupMaxSize === lanes } };
}

/** The register of an element that the lane itself writes: the part in whole turns divided by the lanes, plus the part below a step. */
function ownRegister(flat: Expr, lanes: number, step: number, ranges: BlockNode['ranges']): Expr {
  const turn = lanes * step;
  const { terms, constant } = linearOf(flat);
  const own = new Map<string, Term>();
  for (const { atom, coefficient } of terms.values()) {
    if (usesVar(atom, 'lid.x')) continue;
    addTerm(own, atom, coefficient % turn === 0 ? coefficient / lanes : coefficient);
  }
  const start = constant % turn;
  return simplify(exprOfLinear({ terms: own, constant: start + (constant - start) / lanes }), ranges);
}

function noLanes({ block, region: { buffer } }: FlatAccess): Refusal {
  return refuse(
    'subgroup-spread',
    () => `block ${block.name} writes ${buffer.name}, which the lanes of a subgroup share, outside a loop over them`,
    () => `bind a loop of ${block.name} to subgroup.x, or make ${buffer.name} private`,
  );
}

function tooMany(
  { block, region: { buffer } }: FlatAccess,
  lanes: number,
  { subgroupMinSize: least }: DeviceLimits,
): Refusal {
  return refuse(
    'subgroups',
    () =>
      `block ${block.name} spreads ${buffer.name} over ${lanes} lanes of a subgroup, and the device${least === 0 ? ' has no subgroups' : `'s smallest subgroup has ${least}`}`,
    () => `keep ${buffer.name} in workgroup memory instead${least > 1 ? `, or split by at most ${least}` : ''}`,
  );
}

function unwritten({ block, region: { buffer } }: FlatAccess): Refusal {
  return refuse(
    'subgroup-spread',
    () => `block ${block.name} reads ${buffer.name}, which no lane of a subgroup writes`,
  );
}
