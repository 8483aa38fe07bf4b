import type { Source } from '../../src/artifacts/schemas/source.js';

type Picture = NonNullable<Source['video']>;
type Sound = NonNullable<Source['audio']>;

/** What is right for one input, known from how it was made or from decoding it with other means; never from snvg's own answer. */
export interface ExpectedInput {
  file: string;
  /** What is odd about it, in the words of docs/inputs.md. */
  what: string;
  /** Reports of other tools that describe this kind, `project#number`. */
  reported?: string;
  /** The name it is given in the run, where that is part of what is odd. */
  calledAs?: string;
  refused?: { code: string; says: string };
  /** Length of picture and sound together, in seconds, to within a frame of either. */
  seconds?: number;
  /** Null: there is none. */
  video?: Partial<Picture> | null;
  audio?: Partial<Sound> | null;
  cover?: true;
  /** Codes of notices that must be given; beyond these only `info` ones may be. */
  notices?: readonly string[];
  /** In and out point of the clip that is made, in seconds; about the first second where not given. */
  cut?: readonly [number, number];
  clip?: {
    /** Nothing is heard in the source there. */
    silent?: true;
    /** The picture stands still or is black there, so that comparing it says nothing. */
    plain?: true;
    /** Colours are brought to another range or space, so brightness is not that of the source. */
    toneMapped?: true;
  };
}
