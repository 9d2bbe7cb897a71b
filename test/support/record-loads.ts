import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** Imported before a program: the URL of every module that it loads becomes a line of the file that LOADS_FILE names. */
const file = process.env['LOADS_FILE'] ?? '/dev/null';

registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(file, `${url}\n`);
    return nextLoad(url, context);
  },
});
