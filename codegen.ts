import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed documents for a folder's operations, and the manifest that names each by its hash (trusted documents). */
function typedDocuments(documents: string) {
  return {
    documents,
    preset: 'client',
    presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256' } },
    config: {
      documentMode: 'string',
      useTypeImports: true,
      enumsAsConst: true,
      scalars: { ID: 'string', DateTime: 'string' },
    },
  } as const;
}

const config: CodegenConfig = {
  schema: './schema.graphql',
  importExtension: '.ts',
  generates: {
    './test/gql/': typedDocuments('test/operations.ts'),
    './src/page/gql/': typedDocuments('src/page/operations.ts'),
    './examples/kol-comparison/src/gql/': typedDocuments('examples/kol-comparison/src/comparison-query.ts'),
  },
};

export default config;
