import type { LedgerDocuments } from './documents.js';
import { documentId } from './ids.js';
import { untilWritten } from './retry-write.js';
import { readStored } from './stored.js';

/** Quota used per account and platform's day, added up over all machines that share the ledger. */
export class Usage {
  readonly #documents: LedgerDocuments;

  constructor(documents: LedgerDocuments) {
    this.#documents = documents;
  }

  async spent(platform: string, account: string, day: string): Promise<Record<string, number>> {
    return (await this.#read(documentId.usage(platform, account, day))).spent;
  }

  async spend(platform: string, account: string, day: string, amounts: Record<string, number>): Promise<void> {
    const id = documentId.usage(platform, account, day);
    await untilWritten(`The quota of ${platform}`, async () => {
      const { version, spent } = await this.#read(id);
      const sum = { ...spent };
      for (const [quota, amount] of Object.entries(amounts)) sum[quota] = (sum[quota] ?? 0) + amount;
      return (await this.#documents.write(id, version, { format: 1, platform, account, day, spent: sum })) || undefined;
    });
  }

  async #read(id: string): Promise<{ version: number; spent: Record<string, number> }> {
    const document = await this.#documents.read(id);
    return document ? { version: document.version, spent: readStored('usage', document, this.#documents.place).spent } : { version: 0, spent: {} };
  }
}
