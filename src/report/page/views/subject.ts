import type { RenderSvg } from '../../charts/chart.ts';
import { escaped } from '../../escaped.ts';
import { compareToNaive, formatTime } from '../../quantities.ts';
import type { Subject } from '../report-data.ts';
import { beamFigures, deathsHtml } from './beam.ts';
import { codeHtml, type DiffLines } from './code.ts';
import { convergenceFigures } from './convergence.ts';
import { parallelFigures } from './decisions.ts';
import { type Figure, figureHtml } from './figure.ts';
import { headHtml } from './head.ts';
import { notRecorded, paragraph, sectionOf } from './html.ts';
import { modelFigures, roundsTable } from './model.ts';
import { pruningFigures } from './pruning.ts';
import { rooflineFigures } from './roofline.ts';
import { timeFigures } from './times.ts';
import { trialsHtml } from './trials.ts';
import { weightFigures } from './weights.ts';

/** All figures of a subject, of which the script draws each again from the same option object. */
export function subjectFigures(subject: Subject, prefix: string, where: 'server' | 'page'): readonly Figure[] {
  return [
    ...convergenceFigures(subject, prefix),
    ...parallelFigures(subject, prefix, where),
    ...weightFigures(subject, prefix),
    ...rooflineFigures(subject, prefix),
    ...timeFigures(subject, prefix),
    ...pruningFigures(subject, prefix),
    ...beamFigures(subject, prefix),
    ...modelFigures(subject, prefix),
  ];
}

/** `matmul m=128 ... on lavapipe: 134 µs, 12.1x faster than ...`. */
export function subjectTitle({ title, device, best, trials, naiveNs }: Subject): string {
  const timeNs = best === null ? null : (trials[best]?.timeNs ?? null);
  const found =
    timeNs === null
      ? 'no kernel'
      : `${formatTime(timeNs)}${naiveNs === null ? '' : `, ${compareToNaive(timeNs, naiveNs)}`}`;
  return `${title} on ${device.name}: ${found}`;
}

/** A subject with all its views, in the order in which one asks. */
export function subjectHtml(
  subject: Subject,
  prefix: string,
  place: 'only' | 'first' | 'other',
  render: RenderSvg,
  diff: DiffLines,
): string {
  const draw = (figures: readonly Figure[], missing: string): string =>
    figures.length === 0 ? missing : figures.map((figure) => figureHtml(figure, render)).join('');
  const { note } = subject.learned;
  const learned = note === null ? '' : paragraph(`The model here: ${note}.`);
  const sections = [
    sectionOf(`${prefix}-head`, 'Result', headHtml(subject)),
    sectionOf(
      `${prefix}-convergence`,
      'Convergence',
      draw(
        convergenceFigures(subject, prefix),
        paragraph('No trial has a time that counts; the table of trials says why.'),
      ),
    ),
    sectionOf(`${prefix}-trials`, 'Trials', trialsHtml(subject, prefix)),
    sectionOf(`${prefix}-code`, 'Code of the best against others', codeHtml(subject, prefix, diff)),
    sectionOf(
      `${prefix}-decisions`,
      'Decisions',
      draw(
        parallelFigures(subject, prefix, 'server'),
        paragraph('No sketch has enough timed trials to compare their decisions.'),
      ),
    ),
    sectionOf(
      `${prefix}-weights`,
      'Which decisions matter',
      draw(weightFigures(subject, prefix), paragraph('Too few trials to say.')),
      learned,
    ),
    sectionOf(
      `${prefix}-roof`,
      'Roofline',
      draw(
        rooflineFigures(subject, prefix),
        paragraph('No trial has an estimate of its traffic, or the workload does no floating-point operation.'),
      ),
    ),
    sectionOf(`${prefix}-times`, 'Where the time went', draw(timeFigures(subject, prefix), '')),
    sectionOf(
      `${prefix}-prune`,
      'Pruning',
      draw(pruningFigures(subject, prefix), notRecorded('what early pruning refused, by depth and reason')),
      deathsHtml(subject),
    ),
    sectionOf(
      `${prefix}-beam`,
      'The beam',
      draw(
        beamFigures(subject, prefix),
        notRecorded('survivors and values of beams; the run had another strategy, or an older wgtune wrote the log'),
      ),
    ),
    sectionOf(
      `${prefix}-model`,
      'Quality of the model',
      draw(modelFigures(subject, prefix), paragraph('Too few trials to hold some out.')),
      roundsTable(subject),
      learned,
    ),
  ];
  // Of one subject the page's own title tells already.
  if (place === 'only')
    return `<div class=subject id="${prefix}"><h2 class=unseen>In detail</h2>${sections.join('')}</div>`;
  return `<details class=subject id="${prefix}"${place === 'first' ? ' open' : ''}><summary><h2>${escaped(subjectTitle(subject))}</h2></summary>${sections.join('')}</details>`;
}
