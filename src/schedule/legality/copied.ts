import type { Buffer, Program, Scope } from '../../ir/nodes.ts';
import { readsOf } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { type BlockSite, findBuffer, writersOf } from './find.ts';

/** The buffer of that name, which a block is to read through a copy in nearer memory; or why it cannot. */
export function requireCopied(program: Program, site: BlockSite, name: string, scope: Scope): Buffer | Refusal {
  const { block } = site;
  const buffer = findBuffer(program, name);
  if (isRefusal(buffer)) return buffer;
  const reads = readsOf(block);
  if (!reads.some((read) => read.buffer === name)) {
    return refuse(
      'not-read',
      () => `block ${block.name} does not read ${name}`,
      () => `it reads ${[...new Set(reads.map((read) => read.buffer))].join(', ') || 'nothing'}`,
    );
  }
  if (block.writes.some((write) => write.buffer === name))
    return refuse('reads-own-write', () => `block ${block.name} writes ${name} itself, so a copy of it would be stale`);
  const writer = writersOf(program, name).find((other) => other.around.some((loop) => site.around.includes(loop)));
  if (writer !== undefined && buffer.scope === 'private' && scope !== 'private')
    return refuse(
      'scope-widens',
      () =>
        `${name} is private to an invocation; a copy ${scope === 'subgroup' ? 'that a subgroup shares' : 'in workgroup memory'} would mix invocations`,
    );
  return buffer;
}
