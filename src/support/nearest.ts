/** Edits (insert, delete, replace, swap of neighbours) that turn one word into another, ignoring case. */
function editDistance(from: string, to: string): number {
  const a = from.toLowerCase();
  const b = to.toLowerCase();
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The names a person most likely meant by `word`: those within a third of its length, or that contain it; nearest first. */
export function nearestNames(word: string, names: readonly string[], most = 3): string[] {
  const reach = Math.max(1, Math.ceil(word.length / 3));
  const lower = word.toLowerCase();
  return names
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .filter(
      ({ name, distance }) =>
        // Two words with no letter in common are not near, however short.
        (distance <= reach && distance < Math.max(word.length, name.length)) ||
        (lower.length >= 3 && name.toLowerCase().includes(lower)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ name }) => name);
}
