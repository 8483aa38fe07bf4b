/** What processes of this machine do one at a time. */
export interface Locks {
  /** Waits for its turn and runs `work`; a holder that dies lets go. @throws the signal's reason; {LostReply} another process holds it for minutes */
  run<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}
