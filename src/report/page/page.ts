import { type Charts, packedText } from '../charts/load-charts.ts';
import { escaped } from '../escaped.ts';
import { formatBytes, formatCount } from '../quantities.ts';
import { chooseDrawn } from './choose-drawn.ts';
import { packReport } from './packed.ts';
import type { ReportData, Subject } from './report-data.ts';
import { style } from './style.ts';
import { deviceFigures } from './views/devices.ts';
import { figureHtml } from './views/figure.ts';
import { paragraph, sectionOf } from './views/html.ts';
import { subjectHtml, subjectTitle } from './views/subject.ts';

/** Unpacks the data and the charts' script and runs that, as a script of the page's own: nothing else is allowed to run. */
const unpackCharts = `const unpacked = async (id) => {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (char) => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
};
document.getElementById('report-data').textContent = await unpacked('report-data');
const script = document.createElement('script');
script.type = 'module';
script.textContent = await unpacked('charts');
document.body.append(script);`;

/** A larger page is slow to open and to send. */
export const mostBytes = 1_500_000;
/** Longest text of one error that is kept where the page would be too large. */
const shortened = 2000;
/** Fewer trials of a subject are not shown before its code has become less. */
const fewestTrials = 300;

/**
 * The report as one HTML file that needs nothing else: styles, script and data are in it. Where it would be too large, it holds fewer subjects, then
 * fewer trials of each, then less code.
 */
export function reportPage(data: ReportData, charts: Charts): string {
  let shown = data;
  const bodies: DrawnBodies = new WeakMap();
  for (let attempt = 0; ; attempt++) {
    const drawn = pageOf(shown, charts, data, bodies);
    if (drawn.bytes <= mostBytes || attempt === mostAttempts) return drawn.page;
    shown = { ...shown, subjects: lessOf(shown.subjects, drawn, attempt) };
  }
}

/** A page and the bytes of its parts; drawing it is what takes the time. */
interface DrawnPage {
  readonly page: string;
  readonly bytes: number;
  readonly bodies: readonly number[];
  /** Of all subjects' data for the script. */
  readonly packed: number;
}

/** The figures and tables of subjects that were drawn for an earlier attempt. The first subject of several is drawn otherwise when it is left alone. */
type DrawnBodies = WeakMap<Subject, { readonly isAlone: boolean; readonly body: string }>;

const mostAttempts = 5;
/** Shares of a subject's figures and tables: what fewer trials leave, since figures draw a sample as it is, and what goes with them where they are most of it. */
const [left, withTrials] = [0.95, 0.3];

function lessOf(all: readonly Subject[], { bytes, bodies, packed }: DrawnPage, attempt: number): readonly Subject[] {
  const sizes = bodies.map((body) => body + packed / all.length);
  const sum = (some: readonly number[]): number => some.reduce((total, size) => total + size, 0);
  const rest = bytes - sum(sizes);
  let count = all.length;
  while (count > 1 && rest + left * sum(sizes.slice(0, count)) > mostBytes) count--;
  const over = rest + sum(sizes.slice(0, count)) - mostBytes;
  const subjects = all.slice(0, count).map(withShortErrors);
  const trials = subjects.reduce((total, subject) => total + subject.trials.length, 0);
  const givesWay = (packed * count) / all.length + withTrials * sum(bodies.slice(0, count));
  const most = Math.max(fewestTrials, Math.floor((trials / count) * (1 - (1.1 * over) / givesWay)));
  const code = attempt === 0 ? subjects : subjects.map((subject) => withLessCode(subject, attempt < 3 ? 6 : 2));
  return over <= 0 ? code : code.map((subject) => withFewerTrials(subject, most));
}

function withShortErrors(subject: Subject): Subject {
  if (subject.trials.every(({ error }) => error.length <= shortened)) return subject;
  const short = (text: string): string =>
    text.length <= shortened
      ? text
      : `${text.slice(0, shortened)}... (${formatCount(text.length - shortened)} more characters in the log)`;
  return { ...subject, trials: subject.trials.map((trial) => ({ ...trial, error: short(trial.error) })) };
}

function withLessCode(subject: Subject, most: number): Subject {
  return { ...subject, codes: subject.codes.slice(0, most) };
}

/** Trials whose code is in the page stay, as do the best and all that `chooseDrawn` keeps. */
function withFewerTrials(subject: Subject, most: number): Subject {
  const { trials, best, codes } = subject;
  if (trials.length <= most) return subject;
  const bestTrial = best === null ? null : (trials[best] ?? null);
  const kept = new Set(chooseDrawn(trials, bestTrial, most));
  for (const { trial } of codes) kept.add(trials[trial] as Subject['trials'][number]);
  const left = trials.filter((trial) => kept.has(trial));
  const indexOf = new Map(left.map((trial, at) => [trial, at]));
  return {
    ...subject,
    trials: left,
    best: bestTrial === null ? null : (indexOf.get(bestTrial) ?? null),
    codes: codes.map((code) => ({
      ...code,
      trial: indexOf.get(trials[code.trial] as Subject['trials'][number]) as number,
    })),
  };
}

function pageOf(
  data: ReportData,
  { renderSvg, diffLines, packedScript }: Charts,
  whole: ReportData,
  known: DrawnBodies,
): DrawnPage {
  const packed = packedText(packReport(data));
  const { subjects, cells } = data;
  const [first] = subjects;
  const title = first === undefined ? 'wgtune report' : subjectTitle(first);
  const left = cells.length - subjects.length;
  const broken = data.broken === 0 ? '' : ` ${formatCount(data.broken)} lines could not be read and are left out.`;
  const intro = `${formatCount(data.records)} records in ${formatCount(data.files)} ${data.files === 1 ? 'log' : 'logs'}, ${formatCount(cells.length)} ${cells.length === 1 ? 'workload on a device' : 'workloads on devices'}${left > 0 ? `, of which ${subjects.length} are in detail here (--operator and --device choose others)` : ''}.${broken}`;
  const devices = deviceFigures(data);
  const bodies = subjects.map((subject, at) => {
    const isAlone = subjects.length === 1;
    const drawn = known.get(subject);
    if (drawn?.isAlone === isAlone) return drawn.body;
    const place = isAlone ? 'only' : at === 0 ? 'first' : 'other';
    const body = subjectHtml(subject, `s${at}`, place, renderSvg, diffLines);
    known.set(subject, { isAlone, body });
    return body;
  });
  const across =
    devices.length === 0
      ? ''
      : sectionOf('devices', 'Workloads and devices', ...devices.map((figure) => figureHtml(figure, renderSvg)));
  const links = [
    ...subjects.map((subject, at) => `<li><a href="#s${at}">${escaped(subjectTitle(subject))}</a></li>`),
    ...(devices.length === 0 ? [] : ['<li><a href="#devices">Workloads and devices</a></li>']),
  ];
  const nav = links.length > 1 ? `<nav aria-label="Contents"><ul>${links.join('')}</ul></nav>` : '';
  const drawn = subjects.reduce((sum, subject) => sum + subject.trials.length, 0);
  const all = whole.subjects.reduce((sum, subject) => sum + subject.records, 0);
  const foot = `Made by wgtune ${data.tool} on ${data.made.slice(0, 10)}; ${formatCount(drawn)} of ${formatCount(all)} trials are in this page, which takes at most ${formatBytes(mostBytes)}. Charts: Apache ECharts (Apache-2.0). The page loads nothing.`;
  const page = `<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width,initial-scale=1">
<meta name=color-scheme content="light dark">
<meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header><p class=brand>wgtune report</p><h1>${escaped(title)}</h1>${paragraph(intro)}${nav}</header>
<main>${bodies.join('')}${across}</main>
<footer>${paragraph(foot)}</footer>
<script type="text/plain" id=report-data>${packed}</script>
<script type="text/plain" id=charts>${packedScript}</script>
<script type=module>${unpackCharts}</script>
</body>
</html>
`;
  return {
    page,
    bytes: Buffer.byteLength(page),
    bodies: bodies.map((body) => Buffer.byteLength(body)),
    packed: packed.length,
  };
}
