#!/usr/bin/env node
// Plain JavaScript that any Node can read: one too old for the rest gets a line instead of a stack.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 11)) {
  process.stderr.write(`kol-gateway: expected Node.js 24.11 or later, this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  // Beside the code, which whoever could write here could change as well; in the common folder for temporary files
  // another user could leave code for us. Where it cannot be written or read, Node compiles as ever, and says nothing.
  module.enableCompileCache(fileURLToPath(new URL('../dist/.compile-cache', import.meta.url)));
  // The sources where they are, the build in the published package.
  const sources = new URL('../src/main.ts', import.meta.url);
  await import(existsSync(sources) ? sources.href : new URL('../dist/main.js', import.meta.url).href);
}
