/** What an agent writes before its first frame. No shell, banner or message of the day prints these bytes. */
export const greeting = Buffer.from('\u0001snvg worker\u0002\n', 'latin1');

/** So many bytes of other talk are passed over before the greeting: login scripts and messages of the day can be long. */
const longestTalkBytes = 256 * 1024;

/** Finds the greeting in what a machine prints. */
export class GreetingFinder {
  #held: Buffer = Buffer.alloc(0);
  #passedBytes = 0;
  /** What was printed before it, its end. */
  #talk = '';

  /** The last lines that were no greeting, for people. */
  get talk(): string {
    return clean(this.#talk + this.#held.toString('utf8'));
  }

  /** More was printed than anything but a wrong program prints. */
  get gaveUp(): boolean {
    return this.#passedBytes > longestTalkBytes;
  }

  /** @returns the bytes after the greeting once it has come */
  push(chunk: Uint8Array): Buffer | undefined {
    const all = Buffer.concat([this.#held, chunk]);
    const at = all.indexOf(greeting);
    if (at !== -1) {
      this.#pass(all.subarray(0, at));
      this.#held = Buffer.alloc(0);
      return all.subarray(at + greeting.byteLength);
    }
    // Its first bytes may be the last ones that have come.
    const keep = Math.min(all.byteLength, greeting.byteLength - 1);
    this.#pass(all.subarray(0, all.byteLength - keep));
    this.#held = all.subarray(all.byteLength - keep);
    return undefined;
  }

  #pass(bytes: Buffer): void {
    this.#passedBytes += bytes.byteLength;
    this.#talk = (this.#talk + bytes.toString('utf8')).slice(-2000);
  }
}

/** One line of printable text. */
function clean(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim().slice(-300);
}
