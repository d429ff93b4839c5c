import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { say } from './output.ts';

/** Opens a file with what the system opens pages with; says so where there is nothing. The page is there either way, so it is no failure. */
export function openInBrowser(file: string): void {
  const url = pathToFileURL(resolve(file)).href;
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const opener = spawn(command as string, [...args, url], { stdio: 'ignore', detached: true });
  opener.on('error', () => say(`no browser could be started (${command} is missing): open ${url} yourself`));
  opener.unref();
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  // The empty word is the window's title, for which `start` would take the address.
  win32: ['cmd', '/c', 'start', ''],
};
