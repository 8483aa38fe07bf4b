import type { GraphBody, GraphContext } from './graph.js';
import { askGraph } from './graph.js';
import { GraphRefusal } from './graph-fault.js';

const codes = ['IN_PROGRESS', 'FINISHED', 'PUBLISHED', 'ERROR', 'EXPIRED'] as const;

/** A container as the platform sees it. `gone`: it says there is none, or none for this login. */
export interface ContainerStatus {
  code: (typeof codes)[number] | 'gone';
  /** For ERROR: the subcode and the words, as far as they are told. */
  reason: string;
  subcode: number | undefined;
  /** How much of the film has arrived; undefined when it does not say. */
  bytesArrived: number | undefined;
}

/** What is asked of every container, and what tells besides how much of an upload has arrived. */
const fields = 'id,status,status_code';
const uploadFields = `${fields},video_status`;

/** @throws {PlatformFault}, {LostReply} */
export async function readContainer(context: GraphContext, containerId: string): Promise<ContainerStatus> {
  return read(context, await ask(context, containerId, fields));
}

/** With `bytesArrived`, where it is told. @throws {PlatformFault}, {LostReply} */
export async function readUpload(context: GraphContext, containerId: string): Promise<ContainerStatus> {
  const outcome = await ask(context, containerId, uploadFields);
  // Meta's reference lists the field for some kinds of containers only; without it the film is sent from its start.
  const unknownField = outcome instanceof GraphRefusal && outcome.error.code === 100 && outcome.error.subcode === undefined;
  return unknownField ? readContainer(context, containerId) : read(context, outcome);
}

async function ask(context: GraphContext, containerId: string, wanted: string): Promise<GraphBody | GraphRefusal> {
  return askGraph(context, { method: 'GET', path: containerId, query: { fields: wanted } });
}

function read(context: GraphContext, outcome: GraphBody | GraphRefusal): ContainerStatus {
  if (outcome instanceof GraphRefusal) {
    if (outcome.meaning === 'gone') return { code: 'gone', reason: outcome.message, subcode: outcome.error.subcode, bytesArrived: undefined };
    throw outcome.fault(context.nowMs());
  }
  const reason = typeof outcome['status'] === 'string' ? outcome['status'] : '';
  const subcode = /\b(22\d{5})\b/.exec(reason)?.[1];
  return {
    code: codes.find((code) => code === outcome['status_code']) ?? 'IN_PROGRESS',
    reason,
    subcode: subcode === undefined ? undefined : Number(subcode),
    bytesArrived: bytesArrived(outcome),
  };
}

/** Meta's pages spell the field in both ways. */
function bytesArrived(body: GraphBody): number | undefined {
  const phase = (body['video_status'] as { uploading_phase?: Record<string, unknown> } | undefined)?.uploading_phase;
  const bytes = phase?.['bytes_transferred'] ?? phase?.['bytes_transfered'];
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}
