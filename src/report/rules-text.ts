import type { RuleEvidence, RuleFeature, RuleFigure, RuleNode, RuleSchedule, Rules } from '../tuner/distill/rules.ts';
import { formatTime } from './quantities.ts';
import { formatTable } from './table.ts';

/** Rules as people read them: what they lose, the questions, the schedules, and the shapes they were made from. */
export function formatRules(rules: Rules): string {
  return [
    `rules of ${rules.operator}: ${rules.schedules.length} schedules, ${rules.evidence.length} shapes`,
    ...figureLines(rules),
    '',
    ...questionLines(rules),
    '',
    ...rules.schedules.map((schedule, at) => `schedule ${at}: ${scheduleText(schedule)}`),
    '',
    evidenceTable(rules.evidence),
  ].join('\n');
}

/** What rules lose against the best known of each shape, in two lines. */
export function figureLines({
  known,
  leftOut,
  estimateError,
}: Pick<Rules, 'known' | 'leftOut' | 'estimateError'>): string[] {
  const text = ({ cases, estimated, mean, worst }: RuleFigure): string =>
    `${percent(mean)} in the mean, ${percent(worst)} at worst, ${cases} shapes${estimated === 0 ? ', all measured' : `, ${estimated} of them estimated`}`;
  const error =
    estimateError === null
      ? ''
      : ` (an estimate errs by a factor of ${estimateError.toFixed(2)}, and counts as so much slower)`;
  return [
    `loses on the shapes it knows: ${text(known)}`,
    ...(leftOut === null ? [] : [`loses on shapes left out:     ${text(leftOut)}${error}`]),
  ];
}

export function evidenceTable(evidence: readonly RuleEvidence[]): string {
  const loss = (one: Pick<RuleEvidence, 'ratio' | 'estimated'>): string =>
    `${percent(one.ratio - 1)}${one.estimated ? ' est.' : ''}`;
  return formatTable(
    [
      { title: 'shape' },
      { title: 'device' },
      { title: 'best known', align: 'right' },
      { title: 'schedule', align: 'right' },
      { title: 'loses', align: 'right' },
      { title: 'left out', align: 'right' },
    ],
    evidence.map((one) => [
      one.workload,
      one.device,
      formatTime(one.bestNs),
      String(one.schedule),
      loss(one),
      one.leftOut === null ? 'none fits' : loss(one.leftOut),
    ]),
  );
}

function questionLines({ nodes, features }: Pick<Rules, 'nodes' | 'features'>): string[] {
  const lines: string[] = [];
  const walk = (at: number, indent: string): void => {
    const node = nodes[at] as RuleNode;
    if (node.kind === 'leaf') {
      const [first, ...others] = node.order;
      const rest = others.length === 0 ? '' : `, else ${others.join(', ')}`;
      lines.push(`${indent}schedule ${first}${rest}  (${node.cases} shapes)`);
      return;
    }
    const feature = features[node.feature] as RuleFeature;
    lines.push(`${indent}if ${subjectText(feature)} < ${boundText(node.below)}`);
    walk(node.yes, `${indent}  `);
    lines.push(`${indent}else`);
    walk(node.no, `${indent}  `);
  };
  walk(0, '');
  return lines;
}

/** `m`, `device.limits.subgroupMinSize`: what a question is about, without its logarithm. */
export function subjectText({ from, of }: RuleFeature): string {
  return from === 'size' ? of : `device.${from === 'limit' ? 'limits' : 'environment'}.${of}`;
}

/** A bound of a logarithm as the number itself. */
export function boundText(below: number): string {
  return String(Number((2 ** below).toPrecision(4)));
}

function scheduleText({ sketch, decisions, adapted }: RuleSchedule): string {
  const made = Object.entries(decisions).map(([name, value]) => `${name}=${value}`);
  return `${sketch}${adapted === true ? ', adapted to the shape,' : ''} ${made.join(' ')}`.trimEnd();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
