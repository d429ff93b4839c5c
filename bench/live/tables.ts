import { median } from '../../src/measure/sampling/statistics.ts';
import { markdownTable } from '../../src/report/table.ts';
import type { Overall, Reached } from './fractions.ts';

const two = (value: number | null): string => (value === null ? '' : value.toFixed(2));
const budgetOf = ({ budget, unit }: Pick<Reached, 'budget' | 'unit'>): string => `${budget} ${unit}`;

/** A row per workload and strategy: the median of the seeds with each budget, and the worst seed. */
export function workloadTable(reached: readonly Reached[]): string {
  const budgets = [...new Set(reached.map(budgetOf))];
  const rows = [...new Set(reached.map(({ workload, strategy }) => JSON.stringify([workload, strategy])))].map(
    (key) => {
      const [workload, strategy] = JSON.parse(key) as [string, string];
      const own = reached.filter((one) => one.workload === workload && one.strategy === strategy);
      const seeds = Math.max(...own.map(({ fractions }) => fractions.length));
      const cells = budgets.map((budget) => {
        const fractions = own.find((one) => budgetOf(one) === budget)?.fractions ?? [];
        return fractions.length === 0 ? '' : `${two(median(fractions))} (${two(Math.min(...fractions))})`;
      });
      return [workload, strategy, `${seeds}`, ...cells];
    },
  );
  return markdownTable(['workload', 'strategy', 'seeds', ...budgets], rows);
}

/** A row per strategy: median, worst seed, and how many times faster than the best baseline, with each budget. */
export function overallTable(all: readonly Overall[]): string {
  const budgets = [...new Set(all.map(budgetOf))];
  const rows = [...new Set(all.map(({ strategy }) => strategy))].map((strategy) => {
    const cells = budgets.map((budget) => {
      const one = all.find((other) => other.strategy === strategy && budgetOf(other) === budget);
      if (one === undefined || one.median === null) return '';
      const faster = one.faster === null ? '' : `; ${two(one.faster.mean)}x (${two(one.faster.least)}x)`;
      return `${two(one.median)} (${two(one.worst)})${faster}`;
    });
    return [strategy, ...cells];
  });
  return markdownTable(['strategy', ...budgets], rows);
}
