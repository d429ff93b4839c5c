import { Worker } from 'node:worker_threads';

/**
 * Makes this child process die soon after its parent, however the parent ended and whatever this process is doing: the
 * main thread may sit in native code or in a hung kernel, so a second thread watches. Always SIGKILL: an orderly exit would
 * wait for the hung kernel.
 */
export function dieWithParent(): void {
  process.on('disconnect', killSelf);
  // The terminal sends Ctrl-C to the whole group; the parent decides what it means.
  process.on('SIGINT', () => {});
  const worker = new Worker(watchParent, {
    eval: true,
    workerData: process.ppid,
    execArgv: [],
    stdout: false,
    stderr: false,
  });
  worker.unref();
}

export function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}

// Plain JavaScript, so that the thread starts without a TypeScript loader. Where an orphan keeps its parent's number
// (Windows), the thread asks whether that process still exists.
const watchParent = `
const { workerData: parent } = require('node:worker_threads');
setInterval(() => {
  let gone = process.ppid !== parent;
  try { process.kill(parent, 0); } catch (error) { gone ||= error.code === 'ESRCH'; }
  if (gone) process.kill(process.pid, 'SIGKILL');
}, 500);
`;
