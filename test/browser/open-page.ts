import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { findBrowser, launchBrowser } from '../../src/device/browser/launch.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * Opens `index.html` of a folder in the packaged Chromium and waits until the text of its element `result` is another than it was served with. `mounts`: further folders, by the
 * first word of their paths.
 */
export async function resultOfPage(folder: string, mounts: Readonly<Record<string, string>>): Promise<string> {
  let heard: (text: string) => void = () => {};
  const answer = new Promise<string>((resolve) => {
    heard = resolve;
  });
  const http = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1) || 'index.html';
    if (path === 'heard') {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8');
      });
      request.on('end', () => {
        heard(body);
        response.end();
      });
      return;
    }
    const [first = '', ...rest] = path.split('/');
    const file = mounts[first] === undefined ? join(folder, path) : join(mounts[first], ...rest);
    try {
      const text = readFileSync(file);
      response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
      response.end(path === 'index.html' ? `${text}${watcher}` : text);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const running = launchBrowser(findBrowser(undefined), `http://localhost:${(http.address() as AddressInfo).port}/`);
  try {
    return await Promise.race([
      answer,
      running.ended.then((how) => {
        throw new Error(`the browser ended: ${how}`);
      }),
    ]);
  } finally {
    running.close();
    http.closeAllConnections();
    http.close();
  }
}

/** Sends on what the page's own script says, and what goes wrong before it does. */
const watcher = `<script>
const tell = (text) => fetch('/heard', { method: 'POST', body: text });
addEventListener('error', (event) => tell('error: ' + (event.message ?? event.target?.src)), true);
addEventListener('unhandledrejection', (event) => tell('error: ' + event.reason));
const result = document.getElementById('result');
new MutationObserver(() => tell(result.textContent)).observe(result, { childList: true, characterData: true, subtree: true });
</script>`;

/** Runs a program to its end. */
export function runProgram(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
}
