import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandReference } from '../../docs/generate/commands.ts';
import { libraryReference } from '../../docs/generate/library.ts';

describe('the references under docs/ say what the code says (after a change: npm run docs)', () => {
  it.each([
    ['commands', commandReference],
    ['library', libraryReference],
  ])('docs/%s.md', (name, made) => {
    expect(readFileSync(`docs/${name}.md`, 'utf8')).toBe(made());
  });

  it('each command has its options, and each export a declaration and what it is for', () => {
    expect(commandReference()).toMatch(/## wgtune tune\n[\s\S]*`--trials <n>`/);
    const sections = libraryReference().split('\n### ').slice(1);
    expect(sections.length).toBeGreaterThan(40);
    const bare = sections.filter((section) => !/```ts\n[\s\S]+\n```/.test(section) && !section.includes('\n- `'));
    expect(bare.map((section) => section.split('\n')[0])).toEqual([]);
  });
});
