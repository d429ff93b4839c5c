import { escaped } from '../../escaped.ts';
import { formatCount, formatFactor, formatTime } from '../../quantities.ts';
import type { ReportTrial, Subject } from '../report-data.ts';

/** Rows that stand in the page where no script runs, and that a script shows at a time. */
export const rowsShown = 100;
/** Of these, failures. */
const failuresShown = 20;

const trialTitles = ['trial', 'run', 'at', 'time', 'over naive', 'outcome', 'from', 'schedule', 'error'] as const;

/** One row of the table of trials. */
export function trialRow({ naiveNs, runs, best }: Subject, trial: ReportTrial, index: number): string {
  const { timeNs, counts, against, outcome, error, sketch, decisions } = trial;
  const made = Object.entries(decisions)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const time = timeNs === null ? '–' : `${formatTime(timeNs)}${counts ? '' : ' (does not count)'}`;
  const why = [error, against ?? ''].filter((text) => text !== '').join('\n');
  const [line = ''] = why.split('\n');
  const full =
    why === ''
      ? ''
      : why.length <= 90 && !why.includes('\n')
        ? escaped(why)
        : `<details><summary>${escaped(line.slice(0, 80))}${line.length > 80 ? '…' : ''}</summary><pre>${escaped(why)}</pre></details>`;
  const place = `${runs[trial.run]?.file ?? ''}:${trial.line}`;
  const from = trial.origin === 'search' ? `search, round ${trial.round ?? '?'}` : trial.origin;
  return `<tr${index === best ? ' class=best' : ''}><td class=n title="${escaped(place)}">${trial.trial}<td class=n>${trial.run + 1}<td class=n>${trial.at.toFixed(1)} s<td class=n>${escaped(time)}<td class=n>${timeNs === null || naiveNs === null ? '–' : formatFactor(naiveNs / timeNs)}<td class="o ${outcome === 'ok' ? 'ok' : 'bad'}">${escaped(outcome)}<td>${escaped(from)}<td class=d><b>${escaped(sketch ?? '')}</b> ${escaped(made)}<td>${full}`;
}

/** Fastest first; those without a time that counts at the end. */
export function byTime(trials: readonly ReportTrial[]): readonly number[] {
  const timeOf = (index: number): number => {
    const { counts, timeNs } = trials[index] as ReportTrial;
    return counts && timeNs !== null ? timeNs : Number.POSITIVE_INFINITY;
  };
  return trials.map((_, index) => index).sort((a, b) => timeOf(a) - timeOf(b) || a - b);
}

/** The table: the fastest and some failures; where scripts run, all drawn trials, to be filtered and sorted. */
export function trialsHtml(subject: Subject, prefix: string): string {
  const { trials, records } = subject;
  const order = byTime(trials);
  const failures = order.filter((index) => trials[index]?.outcome !== 'ok').slice(0, failuresShown);
  const shown = [
    ...order.filter((index) => trials[index]?.outcome === 'ok').slice(0, rowsShown - failures.length),
    ...failures,
  ];
  const head = trialTitles
    .map((title, at) => `<th scope=col aria-sort=none${at < 5 ? ' class=n' : ''}>${title}</th>`)
    .join('');
  const rows = shown.map((index) => trialRow(subject, trials[index] as ReportTrial, index)).join('');
  const outcomes = [...new Set(trials.map(({ outcome }) => outcome))];
  const options = ['all outcomes', ...outcomes].map(
    (name, at) => `<option value="${at === 0 ? '' : escaped(name)}">${escaped(name)}</option>`,
  );
  const counted =
    records > trials.length
      ? ` of ${formatCount(trials.length)} drawn, of ${formatCount(records)} recorded`
      : ` of ${formatCount(trials.length)}`;
  return `<div class=controls data-controls="${prefix}" hidden><label>Filter <input type=search placeholder="e.g. vector=4 or code-size" data-filter></label><label>Outcome <select data-outcome>${options.join('')}</select></label><button type=button data-clear>Clear</button></div><p class=count aria-live=polite data-count="${prefix}">${formatCount(shown.length)}${counted} trials, fastest first. Where a number of a trial is pointed at, its file and line are told.</p><div class=wide tabindex=0 role=region aria-label="Table of trials"><table class=trials data-trials="${prefix}"><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div><button type=button class=more data-more="${prefix}" hidden>Show more</button>`;
}
