/** `npm run bench -- process|hostile|inputs|publish|machines|chaos [--quick] [--record]` */
const benches: Record<string, () => Promise<{ bench: (options: { quick: boolean; record: boolean }) => Promise<boolean> }>> = {
  process: () => import('./process.js'),
  hostile: () => import('./hostile.js'),
  inputs: () => import('./inputs.js'),
  publish: () => import('./publish.js'),
  machines: () => import('./machines.js'),
  chaos: () => import('./chaos.js'),
};

const [name = '', ...flags] = process.argv.slice(2);
const load = benches[name];
const unknown = flags.filter((flag) => flag !== '--quick' && flag !== '--record');
if (load === undefined || unknown.length > 0) {
  process.stderr.write(`usage: npm run bench -- <${Object.keys(benches).join('|')}> [--quick] [--record]\n--quick leaves out the 2-hour source, nine of ten hostile inputs, most posts and most jobs that are disturbed, and takes small clips for several machines; --record appends to bench/RESULTS.md.\n`);
  process.exitCode = 2;
} else {
  const { bench } = await load();
  const allMet = await bench({ quick: flags.includes('--quick'), record: flags.includes('--record') });
  process.exitCode = allMet ? 0 : 1;
}
