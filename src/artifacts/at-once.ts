/** Calls for each item, so many at the same time, and yields the answers in the order of the items. Constant memory. */
export async function* atOnce<T, R>(items: AsyncIterable<T>, most: number, work: (item: T) => Promise<R>): AsyncIterable<R> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const answer = work(item);
      // Waited for in order: one that fails meanwhile is not unhandled.
      answer.catch(() => {});
      running.push(answer);
      const first = running.length >= most ? running.shift() : undefined;
      if (first) yield await first;
    }
    for (let first = running.shift(); first; first = running.shift()) yield await first;
  } finally {
    await Promise.allSettled(running);
  }
}
