import { PlatformFault } from '../faults.js';
import type { Finding, Lookup, Publication, PublicationStep, PublishableClip, PublishContext, Publisher } from '../publisher.js';
import { instagramAuth } from './auth.js';
import { checkReel } from './check.js';
import { readContainer } from './container.js';
import { reelLimits } from './limits.js';
import { readMemory, withoutContainer, writeMemory, type Memory } from './memory.js';
import { instagramOptions } from './options.js';
import { link, lookUp, publicStep, publish } from './publish.js';
import { another, begin, look, lookAgain, upload } from './steps.js';

/**
 * Instagram Reels by the Instagram Platform with Facebook Login for Business (the only way that takes a local file).
 * claimed → a container → the film's bytes → ready → committing → public → its address. A container can be published once, and says
 * whether it was: that is what makes a lost reply decidable.
 */
export const instagramPublisher: Publisher = {
  id: 'instagram',
  name: 'Instagram',
  limits: reelLimits,
  // Meta's pages say 50 and 100; the account's real number, over a rolling 24 hours, is read before every post.
  quotas: [{ id: 'posts', perDay: 100, timeZone: 'UTC', perPost: 1 }],
  options: instagramOptions,
  auth: instagramAuth,
  reach: 'public',

  check(clip: PublishableClip, options: unknown): Finding[] {
    return checkReel(clip, instagramOptions.parse(options));
  },

  async advance(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    const memory = readMemory(publication.handle);
    if (memory.isPublic) return link(publication, memory, context);
    if (!hasContainer(memory)) return begin(publication, memory, context);
    if (publication.state === 'committing') {
      const outcome = await publish(publication, memory, context);
      if (outcome === 'look') return lookAgain(publication, memory, context);
      return outcome === 'another' ? another(memory, await readContainer(context, memory.containerId)) : outcome;
    }
    if (memory.clipSha256 !== context.clip.sha256 && !memory.committed) return startOver(memory, context);
    return memory.uploaded ? look(publication, memory, context) : upload(memory, context);
  },

  async lookup(publication: Publication, context: PublishContext): Promise<Lookup> {
    const memory = readMemory(publication.handle);
    const outcome = await lookUp(publication, memory, context);
    return outcome === 'another' ? { absent: { state: 'claimed', handle: writeMemory(withoutContainer(memory, memory.spoiled)) } } : outcome;
  },

  async cancel(publication: Publication, context: PublishContext): Promise<PublicationStep> {
    const memory = readMemory(publication.handle);
    if (memory.isPublic || publication.state === 'published') throw isPublic();
    // A container that is forgotten is never public, and ends after a day.
    if (!hasContainer(memory)) return { state: 'cancelled', handle: null };
    const status = await readContainer(context, memory.containerId);
    if (status.code === 'PUBLISHED') throw isPublic();
    if (status.code === 'gone' && (publication.state === 'committing' || publication.state === 'unknown')) {
      throw new PlatformFault('refused', { code: 'undecided', message: 'Nobody can tell whether the Reel is public', remedy: 'Look at the profile, then: snvg publish --resolve posted=<url> or not-posted' });
    }
    return { state: 'cancelled', handle: null };
  },
};

function hasContainer(memory: Memory): memory is Memory & { containerId: string } {
  return memory.containerId !== undefined;
}

/** The clip was made again since the container was opened: its bytes would be continued with another film's. */
async function startOver(memory: Memory & { containerId: string }, context: PublishContext): Promise<PublicationStep> {
  const status = await readContainer(context, memory.containerId);
  return status.code === 'PUBLISHED' ? publicStep(memory, context) : { state: 'claimed', handle: writeMemory(withoutContainer(memory, 0)) };
}

function isPublic(): PlatformFault {
  return new PlatformFault('refused', { code: 'PUBLISHED', message: 'The Reel is public already', remedy: 'Delete it in the Instagram app if it should not be.' });
}
