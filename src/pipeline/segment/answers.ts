import { announcesQuestion } from '../../text/questions.js';
import { opensThread } from '../../text/openings.js';
import type { Line } from './talk.js';

/** An answer is taken to last this long at most after the question's end. */
const answerLastsUs = 30_000_000;
/** Silence inside an answer that ends it; the thinking pause right after the question may be longer. */
const answerPauseUs = 1_500_000;
const thinkingPauseUs = 6_000_000;

/**
 * For each line the index of the question it belongs to the answer of, or null. Voices are not known here, so an answer is what
 * follows a question until the next question, a new thread ("The third habit …"), a topic border at a pause, a long
 * pause, or 30 s. A question right after "I ask only one question." is quoted: it belongs to the running answer.
 *
 * @param topicOf the topic of a line
 */
export function markAnswers(lines: readonly Omit<Line, 'answers' | 'topic'>[], topicOf: (index: number) => number): (number | null)[] {
  const answers: (number | null)[] = [];
  let question: number | null = null;
  for (const [index, line] of lines.entries()) {
    const previous = lines[index - 1];
    if (question !== null && previous && endsBefore(lines, question, index, topicOf)) question = null;
    const quoted = previous !== undefined && announcesQuestion(previous.text, previous.language);
    if (line.question && !(quoted && question !== null)) {
      // A question asked right after another one is part of the asking; the first of them opens the clip.
      answers.push(previous?.question === true && question === index - 1 && line.pauseBeforeUs < answerPauseUs ? question : null);
      question = index;
    } else {
      answers.push(question);
    }
  }
  return answers;
}

function endsBefore(lines: readonly Omit<Line, 'answers' | 'topic'>[], question: number, index: number, topicOf: (index: number) => number): boolean {
  const line = lines[index]!;
  const asked = lines[question]!;
  if (line.pauseBeforeUs >= (index === question + 1 ? thinkingPauseUs : answerPauseUs)) return true;
  if (index === question + 1) return false;
  if (line.startUs - asked.endUs > answerLastsUs) return true;
  if (opensThread(line.text, line.language)) return true;
  return topicOf(index) !== topicOf(index - 1) && line.pauseBeforeUs >= 800_000;
}
