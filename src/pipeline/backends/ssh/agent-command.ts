/** Where `snvg hosts install` keeps versions of snvg on a host, below its home. */
export const programsFolder = '.local/share/snvg';
/** Beside bin/ in an installed version: starts it with the Node it was installed with. */
export const launcherName = 'snvg';

/** `<version>-<first digits of a hash over all files>`: what an installed version's folder is called. */
export const programPattern = /^[0-9A-Za-z][0-9A-Za-z.+]*-[0-9a-f]{16}$/;

/** Said on stderr where neither this version nor any other is installed. */
export const absentMark = 'snvg-is-not-here';

/**
 * The command that starts the agent: the installed version by its absolute path, or whatever `snvg` the host's PATH has. One line that
 * begins with words every login shell reads (sh, csh, fish); the rest is for sh.
 *
 * @param program undefined: only the PATH
 */
export function agentCommand(program: string | undefined): string {
  if (program !== undefined && !programPattern.test(program)) throw new Error('not the name of a program folder');
  // A version that is used is young again: the next install keeps it.
  const installed = program === undefined ? '' : `d="$HOME/${programsFolder}/${program}"; if test -x "$d/${launcherName}"; then touch "$d"; exec "$d/${launcherName}" worker --stdio; fi; `;
  return `exec sh -c '${installed}if command -v snvg > /dev/null; then exec snvg worker --stdio; fi; echo ${absentMark} >&2; exit 127'`;
}
