import { programsFolder } from '../../pipeline/backends/ssh/agent-command.js';

/**
 * Removes what snvg put on a host for others: versions of itself, and the cache of its worker. The folder may also be the data folder of a
 * snvg that is used on the host itself, which stays.
 */
export const uninstallScript = `
for folder in "$HOME/${programsFolder}"/*; do test -f "$folder/manifest.json" && rm -rf "$folder"; done
rm -rf "$HOME/${programsFolder}"/.half-*
rm -rf "\${XDG_CACHE_HOME:-$HOME/.cache}/snvg/worker"
rmdir "$HOME/${programsFolder}" 2> /dev/null
true
`;
