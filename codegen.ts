import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: './schema.graphql',
  documents: ['test/operations.ts'],
  importExtension: '.ts',
  generates: {
    './test/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumsAsConst: true,
        scalars: { ID: 'string', DateTime: 'string' },
      },
    },
  },
};

export default config;
