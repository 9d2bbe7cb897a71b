import { readFileSync } from 'node:fs';
import { PACKAGE_FOLDER } from './own-files.ts';

const packageJson = JSON.parse(readFileSync(new URL('package.json', PACKAGE_FOLDER), 'utf8')) as {
  version: string;
};

export const VERSION = packageJson.version;
