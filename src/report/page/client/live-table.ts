import { formatCount } from '../../quantities.ts';
import type { ReportTrial, Subject } from '../report-data.ts';
import { byTime, rowsShown, trialRow } from '../views/trials.ts';

/** The table of trials where scripts run. */
interface LiveTable {
  /** Shows these trials only, as indices; null: all. */
  choose(trials: ReadonlySet<number> | null): void;
}

type Order = readonly [column: number, ascending: boolean];

const sortKeys: readonly ((trial: ReportTrial, subject: Subject) => number | string)[] = [
  ({ trial }) => trial,
  ({ run }) => run,
  ({ at }) => at,
  ({ counts, timeNs }) => (counts && timeNs !== null ? timeNs : Number.POSITIVE_INFINITY),
  ({ counts, timeNs }) => (counts && timeNs !== null ? -timeNs : Number.POSITIVE_INFINITY),
  ({ outcome }) => outcome,
  ({ origin, round }) => `${origin} ${String(round ?? '').padStart(6, '0')}`,
  ({ sketch, decisions }) => `${sketch} ${Object.values(decisions).join(' ')}`,
  ({ error }) => error,
];

export function liveTable(subject: Subject, prefix: string): LiveTable {
  const find = <Found extends Element>(selector: string): Found | null => document.querySelector<Found>(selector);
  const table = find<HTMLTableElement>(`[data-trials="${prefix}"]`);
  const controls = find<HTMLElement>(`[data-controls="${prefix}"]`);
  const count = find<HTMLElement>(`[data-count="${prefix}"]`);
  const more = find<HTMLButtonElement>(`[data-more="${prefix}"]`);
  const filter = controls?.querySelector<HTMLInputElement>('[data-filter]') ?? null;
  const outcome = controls?.querySelector<HTMLSelectElement>('[data-outcome]') ?? null;
  const body = table?.tBodies[0];
  if (table === null || body === undefined || controls === null || filter === null || outcome === null)
    return { choose: () => {} };
  controls.hidden = false;
  const { trials, records } = subject;
  const texts = trials.map(({ sketch, decisions, origin, outcome: ended, error, trial }) =>
    `${trial} ${sketch ?? ''} ${Object.entries(decisions)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')} ${origin} ${ended} ${error}`.toLowerCase(),
  );
  let chosen: ReadonlySet<number> | null = null;
  let order: Order = [3, true];
  let shown = rowsShown;

  const draw = (): void => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = sorted(subject, order).filter(
      (index) =>
        (chosen === null || chosen.has(index)) &&
        (outcome.value === '' || trials[index]?.outcome === outcome.value) &&
        words.every((word) => texts[index]?.includes(word)),
    );
    body.innerHTML = kept
      .slice(0, shown)
      .map((index) => trialRow(subject, trials[index] as ReportTrial, index))
      .join('');
    const all =
      records > trials.length
        ? `${formatCount(trials.length)} drawn, of ${formatCount(records)} recorded`
        : formatCount(trials.length);
    const brushed = chosen === null ? '' : ', chosen in the parallel coordinates';
    if (count !== null)
      count.textContent = `${formatCount(Math.min(shown, kept.length))} shown of ${formatCount(kept.length)} that pass, of ${all} trials${brushed}.`;
    if (more !== null) more.hidden = kept.length <= shown;
    for (const [at, cell] of [...(table.tHead?.rows[0]?.cells ?? [])].entries())
      cell.setAttribute('aria-sort', at === order[0] ? (order[1] ? 'ascending' : 'descending') : 'none');
  };
  const again = (): void => {
    shown = rowsShown;
    draw();
  };
  for (const [at, cell] of [...(table.tHead?.rows[0]?.cells ?? [])].entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = cell.textContent;
    button.addEventListener('click', () => {
      order = [at, order[0] === at ? !order[1] : true];
      again();
    });
    cell.replaceChildren(button);
  }
  filter.addEventListener('input', again);
  outcome.addEventListener('change', again);
  controls.querySelector('[data-clear]')?.addEventListener('click', () => {
    filter.value = '';
    outcome.value = '';
    chosen = null;
    again();
  });
  more?.addEventListener('click', () => {
    shown += 4 * rowsShown;
    draw();
  });
  draw();
  return {
    choose: (some) => {
      chosen = some;
      again();
    },
  };
}

function sorted(subject: Subject, [column, ascending]: Order): readonly number[] {
  const key = sortKeys[column] as (typeof sortKeys)[number];
  const keys = subject.trials.map((trial) => key(trial, subject));
  const sign = ascending ? 1 : -1;
  return [...byTime(subject.trials)].sort((a, b) => {
    const [one, other] = [keys[a] as number | string, keys[b] as number | string];
    return one < other ? -sign : one > other ? sign : 0;
  });
}
