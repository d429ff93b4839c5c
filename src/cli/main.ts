#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';
import { endQuietlyWithReader, exitWith } from './process.ts';

endQuietlyWithReader();
await exitWith(await runCommandLine(process.argv.slice(2)));
