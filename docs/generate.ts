/**
 * Writes the references under docs/ anew from the code.
 *     npm run docs
 */
import { writeFileSync } from 'node:fs';
import { commandReference } from './generate/commands.ts';
import { libraryReference } from './generate/library.ts';

writeFileSync('docs/commands.md', commandReference());
writeFileSync('docs/library.md', libraryReference());
