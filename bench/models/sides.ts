import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { deviceEnvironment } from '../../src/device/devices.ts';
import type { Reading } from './gauge.ts';
import type { FromSide, OpenSide, SideName, ToSide } from './side.ts';
import type { MeasuredSide } from './summary.ts';

/** The process of one way of a side, seen from the bench. */
interface StartedSide {
  readonly side: SideName;
  /** Null where the side has no such operator. */
  readonly way: string | null;
  /** What is wrong with its results; null where nothing is. */
  readonly wrong: string | null;
  readonly round: (readings: number) => Promise<void>;
  readonly finish: () => Promise<readonly Reading[]>;
  readonly stop: () => void;
}

/** Building, and a slow kernel's readings, may take this long. */
const answerMs = 180_000;
const tailCharacters = 2_000;

/** Starts a side in a process of its own that sees this device alone; what goes wrong there is an error that says so. */
async function startSide(wish: Omit<OpenSide, 'kind'>): Promise<StartedSide> {
  const child = fork(fileURLToPath(new URL('./side-child.ts', import.meta.url)), [], {
    env: deviceEnvironment(wish.device),
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let tail = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('utf8')).slice(-tailCharacters);
    });
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  const ask = async <K extends FromSide['kind']>(
    message: ToSide,
    kind: K,
  ): Promise<Extract<FromSide, { readonly kind: K }>> => {
    const answer = await new Promise<FromSide>((resolve) => {
      const fail = (error: string): void => settle({ kind: 'failed', error });
      const timer = setTimeout(() => fail(`no answer to ${message.kind} within ${answerMs / 1000} s`), answerMs);
      const died = (): void => fail(`the process ended: ${tail.trim()}`);
      const settle = (settled: FromSide): void => {
        clearTimeout(timer);
        child.off('message', settle as (message: unknown) => void);
        child.off('close', died);
        resolve(settled);
      };
      child.once('message', settle as (message: unknown) => void);
      child.once('close', died);
      child.send(message);
    });
    if (answer.kind === kind) return answer as Extract<FromSide, { readonly kind: K }>;
    stop();
    throw new Error(
      answer.kind === 'failed' ? answer.error : `${wish.side} answered ${answer.kind} to ${message.kind}`,
    );
  };
  const { way, wrong } = await ask({ kind: 'open', ...wish }, 'opened');
  return {
    side: wish.side,
    way,
    wrong,
    round: async (readings) => {
      await ask({ kind: 'round', readings }, 'done');
    },
    finish: async () => (await ask({ kind: 'finish' }, 'finished')).readings,
    stop,
  };
}

/** A way while it is timed: its process, or what is wrong with it. */
interface Contestant {
  readonly side: SideName;
  name: string;
  started: StartedSide | null;
  wrong: string | null;
  readings: readonly Reading[];
}

/** Opens every way, and has them take so many readings each in turn, `rounds` times, each round beginning with another. */
export async function timeInTurn(
  wishes: readonly Omit<OpenSide, 'kind'>[],
  rounds: number,
  readings: number,
): Promise<Readonly<Partial<Record<SideName, MeasuredSide>>>> {
  const contestants: Contestant[] = [];
  const trying = async (contestant: Contestant, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      contestant.started?.stop();
      contestant.started = null;
      contestant.wrong = sentenceOf(error);
    }
  };
  try {
    for (const wish of wishes) {
      const contestant: Contestant = { side: wish.side, name: wish.side, started: null, wrong: null, readings: [] };
      contestants.push(contestant);
      await trying(contestant, async () => {
        const started = await startSide(wish);
        contestant.started = started;
        contestant.name = started.way ?? '';
        if (started.wrong !== null) throw new Error(started.wrong);
      });
    }
    const able = contestants.filter(({ started, name }) => started !== null && name !== '');
    for (let round = 0; round < rounds; round++) {
      const turn = round % Math.max(1, able.length);
      for (const contestant of [...able.slice(turn), ...able.slice(0, turn)])
        await trying(contestant, async () => contestant.started?.round(readings));
    }
    for (const contestant of able)
      await trying(contestant, async () => {
        contestant.readings = (await contestant.started?.finish()) ?? [];
      });
  } finally {
    for (const { started } of contestants) started?.stop();
  }
  const sides = [...new Set(contestants.map(({ side }) => side))];
  return Object.fromEntries(
    sides.map((side) => {
      const ways = contestants.filter((one) => one.side === side && one.name !== '');
      const missing = ways.length === 0 ? 'it has no such operator' : null;
      return [side, { ways: ways.map(({ name, wrong, readings: own }) => ({ name, wrong, readings: own })), missing }];
    }),
  );
}

export function sentenceOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
