import { escaped } from '../../escaped.ts';
import { formatCount, formatTime } from '../../quantities.ts';
import type { ReportCode, Subject } from '../report-data.ts';
import { tableOf } from './html.ts';

/** What of a trial's code is compared. */
const codeForms = ['loops', 'wgsl', 'steps'] as const;
export type CodeForm = (typeof codeForms)[number];

const formTitles: Readonly<Record<CodeForm, string>> = {
  loops: 'loops, with what each costs',
  wgsl: 'WGSL',
  steps: 'steps of the trace',
};

/** A stretch of lines that stayed, went or came. */
interface DiffPart {
  readonly kind: 'same' | 'gone' | 'come';
  readonly lines: readonly string[];
}

/** The lines of one text against those of another: what went from the first, and what came in the second. */
export type DiffLines = (from: string, to: string) => readonly DiffPart[];

/** Lines that are shown before and after a change. */
const context = 4;

function textOf(code: ReportCode, form: CodeForm): string {
  return form === 'steps' ? code.steps.join('\n') : code[form];
}

/** A diff as HTML: signs and not only colours tell what went and came; long stretches without a change are counted. */
function diffHtml(parts: readonly DiffPart[]): string {
  const signs = { same: ' ', gone: '-', come: '+' } as const;
  const line = (kind: DiffPart['kind'], text: string): string =>
    kind === 'same'
      ? `  ${escaped(text)}\n`
      : `<${kind === 'gone' ? 'del' : 'ins'}>${signs[kind]} ${escaped(text)}\n</${kind === 'gone' ? 'del' : 'ins'}>`;
  return parts
    .map(({ kind, lines }, at) => {
      if (kind !== 'same' || lines.length <= 2 * context + 1) return lines.map((text) => line(kind, text)).join('');
      const before = at === 0 ? [] : lines.slice(0, context);
      const after = at === parts.length - 1 ? [] : lines.slice(lines.length - context);
      const left = lines.length - before.length - after.length;
      const rest = lines
        .slice(before.length, lines.length - after.length)
        .map((text) => line('same', text))
        .join('');
      return `${before.map((text) => line('same', text)).join('')}<details class=fold><summary>${formatCount(left)} equal lines</summary>${rest}</details>${after.map((text) => line('same', text)).join('')}`;
    })
    .join('');
}

/** How a trial is called in the list of those whose code is here. */
function codeName(subject: Subject, code: ReportCode): string {
  const trial = subject.trials[code.trial];
  const time = trial?.timeNs == null ? (trial?.outcome ?? '') : formatTime(trial.timeNs);
  const run = subject.runs.length > 1 ? ` of run ${(trial?.run ?? 0) + 1}` : '';
  return `${code.label}: trial ${trial?.trial ?? '?'}${run}, ${time}`;
}

/** The costs of two trials side by side: terms of the analytic model, and the numbers of the estimate that differ. */
function costsHtml(one: ReportCode, other: ReportCode): string {
  const all = one.costs.reduce((sum, { cost }) => sum + cost, 0);
  const share = (code: ReportCode, term: string): number | null =>
    code.costs.find((cost) => cost.term === term)?.cost ?? null;
  const terms = [...new Set([...one.costs, ...other.costs].map(({ term }) => term))].sort(
    (a, b) => (share(other, b) ?? share(one, b) ?? 0) - (share(other, a) ?? share(one, a) ?? 0),
  );
  const percent = (cost: number | null): string | null =>
    cost === null || all === 0 ? null : `${((100 * cost) / all).toFixed(1)}%`;
  const factOf = (code: ReportCode, name: string): number | null =>
    code.facts.find((fact) => fact.name === name)?.value ?? null;
  const facts = [...new Map([...one.facts, ...other.facts].map((fact) => [fact.name, fact]))].filter(
    ([name]) => factOf(one, name) !== factOf(other, name),
  );
  const number = (value: number | null): string | null =>
    value === null ? null : Number.isInteger(value) ? formatCount(value) : value.toPrecision(3);
  if (terms.length === 0) return '<p class=none>No costs: neither schedule comes from a sketch.</p>';
  return `${tableOf(
    ['what costs, by the analytic model', 'best', 'other'],
    terms.map((term) => [term, percent(share(one, term)), percent(share(other, term))]),
    { caption: 'Costs, in percent of the cost of the best', numeric: [1, 2] },
  )}${tableOf(
    ['estimate', 'unit', 'best', 'other'],
    facts.map(([name, { unit }]) => [name, unit, number(factOf(one, name)), number(factOf(other, name))]),
    { caption: 'Numbers of the estimate that differ', numeric: [2, 3] },
  )}`;
}

/** The whole comparison of the best with one other trial. */
export function comparisonHtml(subject: Subject, other: ReportCode, form: CodeForm, diff: DiffLines): string {
  const [best] = subject.codes;
  if (best === undefined) return '';
  const text = textOf(best, form);
  const shown =
    best === other
      ? `<pre>${escaped(text)}</pre>`
      : `<pre class=diff>${diffHtml(diff(textOf(other, form), text))}</pre>`;
  const said =
    best === other
      ? ''
      : `<p class=legend><del>- only in ${escaped(codeName(subject, other))}</del> <ins>+ only in the best</ins></p>`;
  return `<div class=code>${said}<div class=wide tabindex=0 role=region aria-label="${escaped(`${formTitles[form]}, compared`)}">${shown}</div></div><div class=costs>${costsHtml(best, other)}</div>`;
}

/** The comparison with the naive schedule, or whichever is first; where scripts run, any of the others may be chosen. */
export function codeHtml(subject: Subject, prefix: string, diff: DiffLines): string {
  const { codes, trials, records } = subject;
  const [best, second = best] = codes;
  if (best === undefined || second === undefined)
    return '<p class=none>No code: no schedule of these records makes a kernel here.</p>';
  const options = codes
    .map(
      (code, at) =>
        `<option value=${at}${code === second ? ' selected' : ''}>${escaped(codeName(subject, code))}</option>`,
    )
    .join('');
  const forms = codeForms.map((form) => `<option value=${form}>${formTitles[form]}</option>`).join('');
  const all = codeForms
    .map(
      (form) =>
        `<details${form === 'loops' ? ' open' : ''}><summary>${formTitles[form]}: the best against ${escaped(codeName(subject, second))}</summary>${comparisonHtml(subject, second, form, diff)}</details>`,
    )
    .join('');
  return `<p>The page holds the code of ${codes.length} of ${formatCount(records)} trials: the best, the naive schedule, the runners-up, the fastest of every sketch, some at the quartiles, the slowest, and failures (${formatCount(trials.length)} trials are in the table). Any of them can be compared with the best.</p><div class=controls data-code="${prefix}" hidden><label>Compare the best with <select data-other>${options}</select></label><label>by <select data-form>${forms}</select></label></div><div data-comparison="${prefix}">${all}</div>`;
}
