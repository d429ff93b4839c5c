/**
 * How well neighbouring invocations use memory, from the distances between their addresses alone. All functions are NaN-transparent.
 */

/** Invocations whose accesses a device looks at together. */
export const neighbours = 32;

/** The neighbours as a box: along x first, as lanes follow the local index. */
export function neighboursAlongX(lanesX: number): number {
  return lanesX > neighbours ? neighbours : lanesX;
}
export function neighboursAlongY(lanesX: number, lanesY: number): number {
  const rows = Math.max(1, Math.floor(neighbours / neighboursAlongX(lanesX)));
  return lanesY > rows ? rows : lanesY;
}

/**
 * Lines of memory that one load of `width` bytes by each of `nx` by `ny` neighbours touches, where neighbours are `dx` and `dy` bytes apart:
 * those closer to each other than a line share lines.
 */
export function linesTouched(nx: number, dx: number, ny: number, dy: number, width: number, line: number): number {
  const row = dx > line ? nx * Math.ceil(width / line) : Math.ceil(((nx - 1) * dx + width) / line);
  const span = dx > line ? width : (nx - 1) * dx + width;
  if (dy === 0) return row;
  return dy > line || dx > line ? ny * row : Math.ceil(((ny - 1) * dy + span) / line);
}

const banks = 32;
const hits = new Int32Array(banks);

/**
 * How many times longer a load from workgroup memory takes than its bytes need, because several of the `nx` by `ny` neighbours want
 * different words of one bank: their words are `dx` and `dy` apart and each takes `width` words. 1 where no two collide; all neighbours that
 * want the same word get it at once.
 */
export function bankConflict(nx: number, dx: number, ny: number, dy: number, width: number): number {
  const open = nx + dx + ny + dy + width;
  if (Number.isNaN(open)) return open;
  // Neighbours whose words follow each other, the usual case, never collide.
  if (ny === 1 && (dx === width || dx === 0)) return 1;
  const columns = dx === 0 ? 1 : nx;
  const rows = dy === 0 ? 1 : ny;
  hits.fill(0);
  let most = 0;
  let words = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let w = 0; w < width; w++) {
        const bank = Math.floor(x * dx + y * dy + w) & (banks - 1);
        const count = (hits[bank] as number) + 1;
        hits[bank] = count;
        if (count > most) most = count;
        words++;
      }
    }
  }
  return most / Math.ceil(words / banks);
}
