import type { Block, Program, Stmt } from '../../ir/nodes.ts';
import { printProgram } from '../../ir/printer.ts';
import { readsOf } from '../../ir/visit.ts';
import { flopsOfBlock } from '../../operators/flops.ts';
import { formatCount } from '../quantities.ts';

/** What a loop or block does in one run of the whole program. */
interface LoopCost {
  /** How often its body runs, in all invocations together. */
  readonly runs: number;
  readonly flops: number;
  /** Elements read from and written to storage and workgroup memory; private memory is registers. */
  readonly loads: number;
  readonly stores: number;
}

/**
 * The loop nest as text, with what each loop and block costs at the end of its line: how often it runs, floating-point operations, loads and
 * stores of storage and workgroup memory. Guards are not looked at: it is what runs where nothing is cut off.
 */
export function loopsWithCosts(program: Program): string {
  const costs = new Map<string, LoopCost>();
  const isPrivate = new Set(program.buffers.flatMap(({ name, scope }) => (scope === 'private' ? [name] : [])));
  for (const stmt of program.body) addCosts(stmt, 1, costs, isPrivate);
  const lines = printProgram(program).split('\n');
  const width = Math.min(72, Math.max(...lines.map(({ length }) => length)));
  return lines
    .map((line) => {
      const subject = /^\s*(for|block) (\w[\w.]*)/.exec(line);
      const cost = subject === null ? undefined : costs.get(`${subject[1]} ${subject[2]}`);
      return cost === undefined ? line : `${line.padEnd(width)}  | ${costText(cost)}`;
    })
    .join('\n');
}

function addCosts(stmt: Stmt, runs: number, costs: Map<string, LoopCost>, isPrivate: ReadonlySet<string>): LoopCost {
  switch (stmt.kind) {
    case 'seq':
      return sum(stmt.body.map((child) => addCosts(child, runs, costs, isPrivate)));
    case 'for': {
      const inner = addCosts(stmt.body, runs * stmt.extent, costs, isPrivate);
      const cost = { ...inner, runs: runs * stmt.extent };
      costs.set(`for ${stmt.name}`, cost);
      return cost;
    }
    case 'block': {
      const cost = blockCost(stmt, runs, isPrivate);
      costs.set(`block ${stmt.name}`, cost);
      return cost;
    }
  }
}

function blockCost(block: Block, runs: number, isPrivate: ReadonlySet<string>): LoopCost {
  const far = <Item extends { readonly buffer: string }>(items: readonly Item[]): number =>
    items.filter(({ buffer }) => !isPrivate.has(buffer)).length;
  return {
    runs,
    flops: runs * flopsOfBlock(block),
    loads: runs * far(readsOf(block)),
    stores: runs * far(block.writes),
  };
}

function sum(parts: readonly LoopCost[]): LoopCost {
  const total = (of: (cost: LoopCost) => number): number => parts.reduce((all, part) => all + of(part), 0);
  return {
    runs: 0,
    flops: total(({ flops }) => flops),
    loads: total(({ loads }) => loads),
    stores: total(({ stores }) => stores),
  };
}

function costText({ runs, flops, loads, stores }: LoopCost): string {
  const parts: readonly (readonly [number, string])[] = [
    [runs, 'runs'],
    [flops, 'flop'],
    [loads, 'loads'],
    [stores, 'stores'],
  ];
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, what]) => `${formatCount(amount)} ${what}`)
    .join(', ');
}
