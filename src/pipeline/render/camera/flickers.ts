import { cornerAt, type Framing } from './framing.js';

/** A framing shorter than this, unlike those around it, would only flash by. */
const shortestFlipUs = 500_000;

/**
 * Lets framings too short to be taken in go on as the one before them (the first: as the one after it), when both
 * neighbours, as far as there are any, are framed in the other way. Borders stay where they are.
 */
export function joinFlickers(framings: readonly Framing[]): Framing[] {
  const joined: Framing[] = [];
  for (const [index, framing] of framings.entries()) {
    const before = joined.at(-1);
    const after = framings[index + 1];
    const short = framing.endUs - framing.startUs < shortestFlipUs;
    const alone = before?.mode !== framing.mode && after?.mode !== framing.mode;
    joined.push(short && alone ? continued(framing, before, after) : framing);
  }
  return joined;
}

function continued(framing: Framing, before: Framing | undefined, after: Framing | undefined): Framing {
  if (framing.mode === 'crop') return { ...framing, mode: 'fit', positions: [] };
  const corner = before ? cornerAt(before.positions, before.endUs) : after?.positions[0];
  if (!corner) return framing;
  return { ...framing, mode: 'crop', positions: [{ atUs: framing.startUs, x: corner.x, y: corner.y }] };
}
