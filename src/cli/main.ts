#!/usr/bin/env node
import { moduleFault } from '../operators/user-function.ts';
import { reportFailure, runCommandLine } from './command-line.ts';
import { endWithReader, exitWith, outliveFileSizeLimit } from './process.ts';

const args = process.argv.slice(2);
endWithReader();
outliveFileSizeLimit();
// An error that escapes from a callback is told in one sentence, as one that a command throws.
process.on('uncaughtException', (error) => void exitWith(reportFailure(moduleFault(error) ?? error, args)));
await exitWith(await runCommandLine(args));
