import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the library exports, as Markdown: each declaration as it stands in the source, with the comment above it. */
export function libraryReference(index = 'src/index.ts'): string {
  const text = readFileSync(index, 'utf8');
  const [, about = ''] = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text) ?? [];
  const exported = [...text.matchAll(/^export (type )?(\{[^}]*\}|\* as \w+) from '(\.[^']+)';$/gm)].flatMap(
    ([, , names = '', from = '']) => namesOf(names).map((name) => ({ name, path: join(dirname(index), from) })),
  );
  const entries = exported.map(({ name, path }) => ({ name, ...declarationOf(name, path) }));
  const sections = [
    { title: 'Functions and values', own: entries.filter(({ isType }) => !isType) },
    { title: 'Types', own: entries.filter(({ isType }) => isType) },
  ];
  return [
    '# Library',
    '',
    'Made from the source by `npm run docs`. Everything is imported from `wgtune`.',
    '',
    unstarred(about).replaceAll(/^ {4}/gm, '    '),
    ...sections.flatMap(({ title, own }) => [
      '',
      `## ${title}`,
      ...own
        .sort((a, b) => a.name.localeCompare(b.name, 'en'))
        .flatMap(({ name, doc, code }) => [
          '',
          `### ${name}`,
          ...(doc === '' ? [] : ['', doc]),
          ...(code === '' ? [] : ['', '```ts', code, '```']),
        ]),
    ]),
    '',
  ].join('\n');
}

function namesOf(names: string): string[] {
  const whole = /^\* as (\w+)$/.exec(names)?.[1];
  if (whole !== undefined) return [whole];
  return names
    .slice(1, -1)
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');
}

interface Declaration {
  readonly isType: boolean;
  readonly doc: string;
  readonly code: string;
}

function declarationOf(name: string, path: string): Declaration {
  const source = path.endsWith('.mjs') ? path.replace(/\.mjs$/, '.d.mts') : path;
  const lines = readFileSync(source, 'utf8').split('\n');
  const at = lines.findIndex((line) =>
    new RegExp(`^export (declare )?(async )?(function|const|interface|type|class) ${name}\\b`).test(line),
  );
  if (at < 0) return { isType: false, doc: `The functions of \`${source}\`.\n\n${functionsOf(lines)}`, code: '' };
  return {
    isType: /^export (declare )?(interface|type) /.test(lines[at] as string),
    doc: docAbove(lines, at),
    code: codeFrom(lines, at),
  };
}

/** Of a module that is exported whole: each function with the first sentence of its comment. */
function functionsOf(lines: readonly string[]): string {
  return lines
    .flatMap((line, at) => {
      const name = /^export (?:function|const) (\w+)/.exec(line)?.[1];
      return name === undefined ? [] : [`- \`${name}\`: ${docAbove(lines, at).replaceAll('\n', ' ')}`];
    })
    .join('\n');
}

function docAbove(lines: readonly string[], at: number): string {
  if (!lines[at - 1]?.endsWith('*/')) return '';
  let start = at - 1;
  while (start > 0 && !lines[start]?.startsWith('/**')) start--;
  const text = lines.slice(start, at).join('\n');
  return unstarred(text.replace(/^\/\*\*\s?/, '').replace(/\s*\*\/$/, '')).trim();
}

function unstarred(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, '').replace(/^ \*$/, ''))
    .join('\n');
}

/** A declaration without its body: the formatter lets an interface or a class end at the margin, a signature with a brace, and the rest with a semicolon. */
function codeFrom(lines: readonly string[], at: number): string {
  const first = lines[at] as string;
  const whole = /^export (declare )?(interface|class) /.test(first);
  const taken: string[] = [];
  for (const line of lines.slice(at)) {
    taken.push(line);
    if (whole ? /^\}/.test(line) || line.endsWith('{}') : /(;|^\)?.*\{)$/.test(line) && isEnd(first, line)) break;
  }
  const code = taken.join('\n').replace(/^export (declare )?(async )?/, '');
  if (whole) return code;
  if (code.startsWith('function')) return code.replace(/ \{$/, '');
  return code.startsWith('const') ? constant(code) : code;
}

function isEnd(first: string, line: string): boolean {
  if (/^export (declare )?(async )?function/.test(first))
    return line === first ? /[^(]\{$|;$/.test(line) : /^[)}>]/.test(line);
  return line === first ? true : /^\S/.test(line) || line.endsWith(';');
}

/** A constant with its type, or as it stands where that is one line. */
function constant(code: string): string {
  const typed = /^const \w+: ([\s\S]*?) = /.exec(code);
  if (typed !== null) return code.slice(0, code.indexOf(' = '));
  return code.includes('\n') || code.endsWith('{') ? (code.split('\n')[0] as string).replace(/ =.*$/, '') : code;
}
