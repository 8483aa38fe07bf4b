import { openBrowser } from '../../process/open-browser.js';

interface Person {
  readonly isPerson: boolean;
  next(question: string, signal: AbortSignal): Promise<string>;
}

/** Opens the person's browser when they said so, by a flag or now. Without a terminal and a flag it is not opened. */
export async function offerBrowser(url: string, how: { wanted: boolean | undefined; lines: Person; signal: AbortSignal; cwd: string; tell(line: string): void }): Promise<void> {
  if (how.wanted === false) return;
  if (how.wanted === undefined) {
    if (!how.lines.isPerson) return;
    const answer = await how.lines.next('Open it in your browser now? [Y/n] ', how.signal);
    if (!/^(|y|yes)$/i.test(answer.trim())) return;
  }
  if (!(await openBrowser(url, how.cwd))) how.tell('No browser could be opened: open the address yourself.');
}
