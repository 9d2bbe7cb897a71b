#!/usr/bin/env node
// Plain JavaScript that any Node can read: one too old for the rest starts the right one, or prints a line instead of a stack.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { findInstalledNode, isNewEnough, runUnder } from './installed-node.js';

const { node: version } = process.versions;
const installed = isNewEnough(version) ? undefined : findInstalledNode();

if (isNewEnough(version)) {
  // Beside the code, which whoever could write here could change as well; in the common folder for temporary files
  // another user could leave code for us. Where it cannot be written or read, Node compiles as ever, and says nothing.
  module.enableCompileCache(fileURLToPath(new URL('../dist/.compile-cache', import.meta.url)));
  // The sources where they are, the build in the published package.
  const sources = new URL('../src/main.ts', import.meta.url);
  await import(existsSync(sources) ? sources.href : new URL('../dist/main.js', import.meta.url).href);
} else if (installed) {
  runUnder(installed);
} else {
  process.stderr.write(`kol-gateway: expected Node.js 24.11 or later, this is ${version}\n`);
  process.exitCode = 2;
}
