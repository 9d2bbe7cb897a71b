#!/usr/bin/env node
// Plain JavaScript that any Node can read: one too old for the rest gets a line instead of a stack.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 11)) {
  process.stderr.write(`kol-gateway: expected Node.js 24.11 or later, this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  // The sources where they are, the build in the published package.
  const sources = new URL('../src/main.ts', import.meta.url);
  await import(existsSync(sources) ? sources.href : new URL('../dist/main.js', import.meta.url).href);
}
