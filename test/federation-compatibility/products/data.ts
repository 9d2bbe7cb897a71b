/** The records that the suite expects of every implementation. @see COMPATIBILITY.md in the suite's repository */
export const jane = {
  email: 'support@apollographql.com',
  name: 'Jane Smith',
  totalProductsCreated: 1337,
  yearsOfEmployment: 10,
};

const federationStudy = { study: { caseNumber: '1234', description: 'Federation Study' }, outcome: null };
const studioStudy = { study: { caseNumber: '1235', description: 'Studio Study' }, outcome: null };
export const research = [federationStudy, studioStudy];

export const products = [
  {
    id: 'apollo-federation',
    sku: 'federation',
    package: '@apollo/federation',
    variation: { id: 'OSS' },
    dimensions: { size: 'small', weight: 1, unit: 'kg' },
    createdBy: jane,
    notes: null,
    research: [federationStudy],
  },
  {
    id: 'apollo-studio',
    sku: 'studio',
    package: '',
    variation: { id: 'platform' },
    dimensions: { size: 'small', weight: 1, unit: 'kg' },
    createdBy: jane,
    notes: null,
    research: [studioStudy],
  },
];

export const deprecatedProducts = [
  {
    sku: 'apollo-federation-v1',
    package: '@apollo/federation-v1',
    reason: 'Migrate to Federation V2',
    createdBy: jane,
  },
];

export const inventories = [{ id: 'apollo-oss', deprecatedProducts }];
