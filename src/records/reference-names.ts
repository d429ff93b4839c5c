/** What a reference kernel is bound by. Others were tried and tell less of candidates: docs/decisions/031-relative-times.md. */
export const referenceNames = ['arithmetic', 'memory'] as const;
export type ReferenceName = (typeof referenceNames)[number];

/** Nanoseconds of one pass of each reference. */
export type ReferenceTimes = Readonly<Record<ReferenceName, number>>;
