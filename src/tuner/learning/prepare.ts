import { realpathSync } from 'node:fs';
import type { LearnedModel } from '../../cost-model/learned-model.ts';
import type { Workload } from '../../operators/workload.ts';
import { createFaultGroups, type LogFault } from '../../records/log-fault.ts';
import { logFilesOf } from '../../records/log-files.ts';
import { featureRows, scoresOfModel } from '../../search/space/feature-rows.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import type { LearnedOptions } from '../../search/strategies/learned.ts';
import { candidateKey, type Observation, type SearchStrategy } from '../../search/strategy.ts';
import type { SearchName } from '../events.ts';
import { createLearningSearch } from './learning-search.ts';
import { nearestFirst, readNearGroups, readNearShipped } from './near-groups.ts';
import { listNeighbours, type Neighbour } from './neighbours.ts';
import { makeSources, type Source } from './sources.ts';

interface PrepareOptions {
  readonly workload: Workload;
  readonly space: SketchSpace;
  readonly search: SearchName;
  readonly searching: LearnedOptions;
  /** Folder of the run's own logs; null where these are not to be learned from. */
  readonly logFolder: string | null;
  /** See TuneOptions; null where the logs that ship are not to be learned from. */
  readonly shippedLogs: string | null | undefined;
  /** Further logs, files or folders. */
  readonly learnFrom: readonly string[];
  readonly models: readonly LearnedModel[];
  readonly trials: number;
  /** See TuneOptions. */
  readonly nearSchedules: number | undefined;
  /** Candidates that are known here. */
  readonly observations: readonly Observation[];
}

/** What a run has learned before its first trial. */
export interface Learning {
  readonly strategy: SearchStrategy;
  /** None where nothing is known elsewhere: the search is then the one that `tune` takes by itself. */
  readonly sources: readonly Source[];
  /** See createLearningSearch. */
  readonly weights: () => readonly number[] | null;
  /** Schedules of near shapes, to be measured first. */
  readonly neighbours: readonly Neighbour[];
  /** Broken lines of further logs, each one sentence with file and line. */
  readonly faults: readonly string[];
  readonly spentMs: number;
}

const mostFaultsTold = 5;

/** With more, a search would spend its trials on what suits other shapes. */
const usualNeighbours = 3;
/** Each shape takes some hundredths of a second to be learned from, and a run waits for it; so many tell the costs of kinds of work. */
const mostShippedTaught = 5;
/** Refitted schedules among which each is chosen. */
const choicePerNeighbour = 4;

/**
 * Learns from all logs that a run is given, and from models. Rejects with UserError where a path of `learnFrom` cannot be read. A log's broken lines
 * teach nothing; what is wrong with those of the run's own folder is told by `loadKnown`.
 */
export async function prepareLearning(options: PrepareOptions): Promise<Learning> {
  const { workload, space, search, searching, logFolder, shippedLogs, learnFrom, models, trials, observations } =
    options;
  const { nearSchedules = usualNeighbours } = options;
  const begun = performance.now();
  for (const path of learnFrom) await logFilesOf(path, false);
  const further = learnFrom.filter((path) => logFolder === null || !isSame(path, logFolder));
  const { device } = space;
  const faults = createFaultGroups();
  const onFault = (fault: LogFault): void => {
    if (fault.severity !== 'note') faults.add(fault);
  };
  const own = logFolder === null ? [] : await readNearGroups([logFolder], workload, device, { missingIsEmpty: true });
  // There also records of this workload on this device are news.
  const others = further.length === 0 ? [] : await readNearGroups(further, workload, device, { own: true, onFault });
  const shipped = await readNearShipped(shippedLogs, workload, device);
  const groups = [...own, ...others, ...shipped.slice(0, mostShippedTaught)].sort(nearestFirst);
  const sources = await makeSources(space, workload, groups, models);
  const known = new Set(observations.map(({ candidate }) => candidateKey(candidate)));
  const most = Math.min(nearSchedules, Math.floor(trials / 4));
  // Schedules of this workload in the run's own folder, and those that ship, are measured first anyway.
  const near = [...[...own, ...shipped].filter(({ apart }) => apart > 0), ...others].sort(nearestFirst);
  const refitted = listNeighbours(space, workload, near, choicePerNeighbour * most, known);
  const neighbours = bestBySources(space, sources, refitted).slice(0, most);
  return {
    ...createLearningSearch(search, space, searching, sources),
    ...{ sources, neighbours, faults: faults.sentences(mostFaultsTold), spentMs: performance.now() - begun },
  };
}

/** A near schedule said to be so much slower than the one said to be the fastest (as a logarithm) is not worth a trial. */
const worthTrying = 0.15;

/** Near schedules by what all sources say of them, the best first, without those that will not do here. */
function bestBySources(
  space: SketchSpace,
  sources: readonly Source[],
  neighbours: readonly Neighbour[],
): readonly Neighbour[] {
  const listed = { space, candidates: neighbours.map(({ candidate }) => candidate) };
  const rows = featureRows(listed);
  const scores = sources.map(({ model }) => scoresOfModel(listed, model, rows));
  const total = sources.reduce((sum, { likeness }) => sum + likeness, 0);
  const mean = (at: number): number =>
    sources.reduce(
      (sum, { likeness }, source) => sum + (likeness / total) * ((scores[source] as Float32Array)[at] as number),
      0,
    );
  const ranked = neighbours.map((neighbour, at) => ({ neighbour, score: mean(at) })).sort((a, b) => b.score - a.score);
  const best = ranked[0]?.score ?? 0;
  return ranked.filter(({ score }) => score >= best - worthTrying).map(({ neighbour }) => neighbour);
}

function isSame(path: string, other: string): boolean {
  try {
    return realpathSync(path) === realpathSync(other);
  } catch {
    return false;
  }
}
