import type { RuleFeature, RuleNode, Rules } from '../tuner/distill/rules.ts';
import { boundText, evidenceTable, figureLines, subjectText } from './rules-text.ts';

/**
 * Rules as a TypeScript module without dependencies: the schedules, a function that chooses among them by shape, and in its first lines the evidence. It
 * chooses what the JSON chooses.
 */
export function rulesModule(rules: Rules): string {
  const { operator, tool, features, nodes, schedules } = rules;
  const asked = new Set(nodes.flatMap((node) => (node.kind === 'split' ? [node.feature] : [])));
  const of = (from: RuleFeature['from']): readonly string[] =>
    features.flatMap((feature, at) => (feature.from === from && asked.has(at) ? [feature.of] : []));
  const [limits, environment] = [of('limit'), of('environment')];
  const needsDevice = limits.length + environment.length > 0;
  const needsShape = of('size').length > 0;
  const asks = [...(needsShape ? ['shape: Shape'] : []), ...(needsDevice ? ['device: DeviceFacts'] : [])];
  const answers = asks.map((parameter) => parameter.split(':')[0]).join(', ');
  const lines = [
    ...header(rules),
    'export interface Schedule {',
    '  readonly sketch: string;',
    '  readonly decisions: Readonly<Record<string, number | string>>;',
    '  /** Whether wgtune adapts the decisions to the shape. */',
    '  readonly adapted?: true;',
    '}',
    '',
    `/** Sizes of ${commentText(operator)} by name. */`,
    'export type Shape = Readonly<Record<string, number>>;',
    '',
    ...(needsDevice ? deviceType(limits.length > 0, environment.length > 0) : []),
    'export const schedules: readonly Schedule[] = [',
    ...schedules.map((schedule) => `  ${JSON.stringify(schedule)},`),
    '];',
    '',
    '/** The schedules to take for a shape, the best first: one whose sketch the shape does not have is passed over. */',
    `export function chooseSchedules(${(needsShape ? asks : ['_shape: Shape', ...asks]).join(', ')}): readonly Schedule[] {`,
    `  return order(${answers}).map((index) => schedules[index] as Schedule);`,
    '}',
    '',
    `function order(${asks.join(', ')}): readonly number[] {`,
    ...questions(nodes, features, 0, '  '),
    '}',
    ...(asked.size > 0 ? log2Function : []),
  ];
  return `${lines.join('\n')}\n`;

  function header({ evidence }: Rules): string[] {
    const lines = [
      `Schedules of ${operator} for WebGPU by shape, distilled from tuning logs by wgtune ${tool}. Made by a program: make it again instead of editing it.`,
      ...figureLines(rules),
      '',
      'A schedule is a sketch with its decisions. wgtune makes the kernel of a shape from it, without a search or a measurement:',
      '',
      "    import { advisedKernel, chooseDevice, makeWorkload } from 'wgtune';",
      `    const workload = makeWorkload('${operator}', { shape });`,
      '    const { description } = await chooseDevice();',
      `    const { artifact } = advisedKernel(workload, chooseSchedules(workload.params${needsDevice ? ', description' : ''}), description);`,
      '',
      ...evidenceTable(evidence).split('\n'),
    ];
    return ['/*', ...lines.map((line) => ` * ${commentText(line)}`.trimEnd()), ' */', ''];
  }
}

const sourceOf = {
  size: 'shape',
  limit: '(device.limits as Readonly<Record<string, unknown>>)',
  environment: 'device.environment',
} as const;

const log2Function = [
  '',
  '/** What is not a number answers every question with no. */',
  'function log2(value: unknown): number {',
  '  return Math.log2(Number(value ?? Number.NaN));',
  '}',
];

function deviceType(hasLimits: boolean, hasEnvironment: boolean): string[] {
  return [
    '/** Facts of the device, as `wgtune devices --json` tells them. */',
    'export interface DeviceFacts {',
    ...(hasLimits ? ['  readonly limits: object;'] : []),
    ...(hasEnvironment ? ['  readonly environment: Readonly<Record<string, string>>;'] : []),
    '}',
    '',
  ];
}

function questions(nodes: readonly RuleNode[], features: readonly RuleFeature[], at: number, indent: string): string[] {
  const node = nodes[at] as RuleNode;
  if (node.kind === 'leaf') return [`${indent}return [${node.order.join(', ')}];`];
  const feature = features[node.feature] as RuleFeature;
  const subject = `${sourceOf[feature.from]}[${JSON.stringify(feature.of)}]`;
  return [
    `${indent}// ${commentText(subjectText(feature))} < ${boundText(node.below)}`,
    `${indent}if (log2(${subject}) < ${node.below}) {`,
    ...questions(nodes, features, node.yes, `${indent}  `),
    `${indent}}`,
    ...questions(nodes, features, node.no, indent),
  ];
}

/** A text that cannot end the comment it stands in. */
function commentText(text: string): string {
  return text.replaceAll('*/', '* /').replaceAll(/[\r\n\u2028\u2029]/g, ' ');
}
