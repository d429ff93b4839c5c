import { type Refusal, refuse } from '../support/refusal.ts';
import type { Index } from './definition.ts';

/**
 * Channels in groups that do not see each other. Where there are several groups, a channel dimension becomes two in the program, group and
 * channel in the group: the memory is the same, and every index stays a plain sum of axes.
 */
export interface ChannelGroups {
  /** Extents of the dimensions that a dimension of `channels` channels becomes. */
  readonly of: (channels: number) => readonly number[];
  /** The axis `g`, where there are several groups. */
  readonly axis: { readonly g?: number };
  /** Names of the dimensions that a channel dimension called `name` becomes. */
  readonly named: (name: string) => readonly string[];
  /** What to index such a dimension with, before the channel in the group. */
  readonly at: (g: Index | undefined) => readonly Index[];
}

export function channelGroups(groups: number): ChannelGroups {
  if (groups === 1) return { of: (channels) => [channels], axis: {}, named: (name) => [name], at: () => [] };
  return {
    of: (channels) => [groups, channels / groups],
    axis: { g: groups },
    named: (name) => ['g', name],
    at: (g) => (g === undefined ? [] : [g]),
  };
}

/** Refuses groups that do not divide the channels. */
export function groupsDivide(p: { readonly groups: number; readonly c: number; readonly oc: number }): Refusal | null {
  if (p.c % p.groups === 0 && p.oc % p.groups === 0) return null;
  return refuse('groups-do-not-divide', () => `groups=${p.groups} must divide c=${p.c} and oc=${p.oc}`);
}
