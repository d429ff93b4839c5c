#!/usr/bin/env node
import { moduleFault } from '../operators/user-function.ts';
import { reportFailure, runCommandLine } from './command-line.ts';
import { endWithReader, exitWith, outliveFileSizeLimit } from './process.ts';

const args = process.argv.slice(2);
endWithReader();
outliveFileSizeLimit();
// What escapes from a callback gets the same one sentence as what a command throws.
process.on('uncaughtException', (error) => void exitWith(reportFailure(moduleFault(error) ?? error, args)));
await exitWith(await runCommandLine(args));
