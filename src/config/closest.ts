/**
 * The candidate a mistyped name most likely meant, or undefined when none is near.
 * Case, dashes and underscores do not count; beyond that at most one slip per three letters does
 * (optimal string alignment distance: insert, delete, replace, swap neighbours).
 */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = slips(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

function slips(from: string, to: string): number {
  const width = to.length + 1;
  const cost = new Uint16Array((from.length + 1) * width);
  const at = (row: number, column: number): number => cost[row * width + column] ?? 0;
  for (let row = 0; row <= from.length; row += 1) {
    for (let column = 0; column <= to.length; column += 1) {
      let least = row === 0 || column === 0 ? row + column : at(row - 1, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      if (row > 0) least = Math.min(least, at(row - 1, column) + 1);
      if (column > 0) least = Math.min(least, at(row, column - 1) + 1);
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, at(row - 2, column - 2) + 1);
      cost[row * width + column] = least;
    }
  }
  return at(from.length, to.length);
}
