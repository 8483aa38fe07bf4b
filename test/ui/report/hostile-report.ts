import type { ReportInput } from '../../../src/ui/report/input.js';
import { sampleReport } from './sample-report.js';

/** Text that would break out of an element, an attribute, a script or a comment. */
export const hostile = `</script><script>document.title='owned'</script><!--<img src=x onerror="document.title='owned'">" onmouseover='x' \u2028\u0000&amp;`;

/** Every text a stranger can choose, made hostile. */
export function hostileReport(): ReportInput {
  const input = sampleReport();
  const poison = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((item) => poison(item, key));
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poison(item, name)]));
    return typeof value === 'string' && ['title', 'text', 'reason', 'description', 'hashtags', 'message', 'remedy', 'detail', 'firstWord', 'lastWord', 'code'].includes(key) ? hostile : value;
  };
  const poisoned = poison(input) as ReportInput;
  poisoned.manifest.source.path = `/videos/${hostile.replaceAll('/', '')}`;
  const [clip] = poisoned.manifest.clips;
  poisoned.manifest.publications.push({ clipId: clip?.id ?? '', target: hostile, account: hostile, state: hostile, url: 'javascript:alert(1)' });
  return poisoned;
}
