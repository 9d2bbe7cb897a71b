import { get, post, type Reachable, RIGHT, SCORES, type Surface, sendRaw, textOf } from './canary-answers.ts';
import { FAULTY, type Life } from './canary-life.ts';
import { SECRETS, WRITTEN } from './canary-secrets.ts';

const { opsKey, webKey, wrongKey, routerSecret, wrongRouterSecret, token } = SECRETS;
const IDS = { query: '{ kol(id: "7") { id } }' };
const TRUSTED_NONE = { extensions: { persistedQuery: { sha256Hash: '0'.repeat(64) } } };

/** One after the other, each whole. */
async function all(...answers: readonly Promise<Response | string>[]): Promise<string> {
  let seen = '';
  for (const answer of await Promise.all(answers)) seen += typeof answer === 'string' ? answer : await textOf(answer);
  return seen;
}

const withKey = (key: string) => ({ ...RIGHT, authorization: `Bearer ${key}` });

/** What only a gateway with client keys says. */
export const KEY_REFUSALS: readonly Surface<Life>[] = [
  {
    name: '401 for want of the right client key',
    collect: (life) =>
      all(
        post(life, IDS, {}),
        post(life, IDS, withKey(wrongKey)),
        post(life, IDS, withKey(opsKey.slice(0, -1))),
        post(life, IDS, { 'x-api-key': wrongKey, 'router-authorization': routerSecret }),
        post(life, IDS, { ...RIGHT, 'x-api-key': webKey }),
        post(life, IDS, { authorization: `Basic ${btoa(`ops:${opsKey}`)}` }),
        post(life, IDS, withKey(token)),
        get(life, `/graphql?query={__typename}&api_key=${encodeURIComponent(opsKey)}`, {}),
        get(life, '/metrics', withKey(wrongKey)),
        get(life, '/account', {}),
      ),
    shows: [/HTTP 401/, /www-authenticate: Bearer/, /"code":"UNAUTHENTICATED"/],
    written: WRITTEN.inJson,
  },
  {
    name: '403 for want of a scope',
    collect: (life) =>
      all(
        get(life, '/metrics', withKey(webKey)),
        get(life, '/account', withKey(webKey)),
        post(life, IDS, { ...withKey(webKey), 'x-account': '1' }),
      ),
    shows: [/HTTP 403/, /HTTP 403/, /HTTP 403/, /"code":"FORBIDDEN"/],
    written: WRITTEN.inJson,
  },
  {
    name: '429 for too many requests',
    collect: (life) => all(...Array.from({ length: 4 }, () => post(life, IDS, withKey(webKey)))),
    shows: [/HTTP 429/, /retry-after: /, /"code":"RATE_LIMITED"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'errors about trusted documents',
    collect: (life) =>
      all(
        post(life, TRUSTED_NONE),
        post(life, { ...IDS, ...TRUSTED_NONE }, withKey(opsKey)),
        post(life, IDS, { authorization: `Bearer ${opsKey}` }),
        post(life, IDS, { ...RIGHT, 'router-authorization': wrongRouterSecret }),
      ),
    shows: [/PERSISTED_QUERY_NOT_FOUND/, /PERSISTED_QUERY_ONLY/],
    written: WRITTEN.inJson,
  },
];

/** What every gateway refuses. */
export const REFUSALS: readonly Surface<Life>[] = [
  {
    name: '401 for want of the router secret',
    collect: (life) =>
      all(
        ...[
          {},
          { 'router-authorization': wrongRouterSecret },
          { 'router-authorization': `Bearer ${routerSecret}` },
        ].map((headers) =>
          post(life, { query: '{ _service { sdl } }' }, { authorization: `Bearer ${opsKey}`, ...headers }),
        ),
      ),
    shows: [/"code":"(UNAUTHENTICATED|PERSISTED_QUERY_ONLY)"/],
    written: WRITTEN.inJson,
  },
  {
    name: '403 for another site and another host',
    collect: (life) =>
      all(
        post(life, IDS, { ...RIGHT, origin: 'https://elsewhere.example' }),
        sendRaw(life, 'GET', { ...RIGHT, host: 'elsewhere.example' }),
      ),
    shows: [/HTTP 403/, /HTTP 403/],
    written: WRITTEN.inJson,
  },
  {
    name: '404',
    collect: (life) => all(get(life, `/nothing?key=${encodeURIComponent(opsKey)}&token=${encodeURIComponent(token)}`)),
    shows: [/HTTP 404/, /"code":"NOT_FOUND"/],
    written: WRITTEN.inJson,
  },
  {
    name: '413',
    collect: (life) => all(post(life, `{"query":"# ${`${opsKey} ${token} `.repeat(3000)}"}`)),
    shows: [/HTTP 413/, /"code":"PAYLOAD_TOO_LARGE"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'refusals of the protocol: 400, 405, 406, 415, 431',
    collect: (life) =>
      all(
        post(life, '{"query":'),
        post(life, { query: '{ kol(id: "7") { nothing } }' }),
        post(life, { query: '{ kol(id: "b d") { id } }' }),
        sendRaw(life, 'PUT', RIGHT),
        post(life, IDS, { ...RIGHT, accept: 'text/plain' }),
        post(life, IDS, { ...RIGHT, 'content-type': 'text/plain' }),
        sendRaw(life, 'GET', { ...RIGHT, 'x-long': opsKey.repeat(1000) }),
      ),
    shows: [/HTTP 400/, /HTTP 405/, /HTTP 406/, /HTTP 415/, /HTTP 431/],
    written: WRITTEN.inJson,
  },
  {
    name: 'a fault of our own, masked',
    async collect(life) {
      await life.anHourLater();
      return all(
        post(life, { query: `{ kol(id: "${FAULTY}") { ${SCORES} } }` }),
        post(life, { query: `{ kol(id: "${FAULTY}") { id ... @defer { ${SCORES} } } }` }, MULTIPART),
      );
    },
    shows: [/"code":"INTERNAL_SERVER_ERROR"/, /"code":"INTERNAL_SERVER_ERROR"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'the schema over the wire, for tools and for routers',
    collect: (life) =>
      all(
        post(life, { query: '{ __schema { types { name description fields { name description } } } }' }),
        post(life, { query: '{ _service { sdl } }' }),
      ),
    shows: [/"__schema"/, /"_service"/],
    written: WRITTEN.inJson,
  },
];

const MULTIPART = { ...RIGHT, accept: 'multipart/mixed' };

/** What is shown to a person. */
export const PAGES: readonly Surface<Reachable>[] = [
  {
    name: 'the start page',
    collect: (gateway) => all(get(gateway, '/', { ...RIGHT, accept: 'text/html' })),
    shows: [/HTTP 200/, /content-security-policy/, /data-mode="live"/],
    written: WRITTEN.inHtml,
  },
  {
    name: 'the GraphiQL page',
    collect: (gateway) => all(get(gateway, '/graphql', { ...RIGHT, accept: 'text/html' })),
    shows: [/<p id="mode" role="status">Live/],
    written: WRITTEN.inHtml,
  },
  {
    name: 'the documents',
    collect: (gateway) => all(...DOCUMENTS.map((path) => get(gateway, path))),
    shows: [/kol-gateway: README\.md/, /kol-gateway: docs\/configuration\.md/],
    written: WRITTEN.inHtml,
  },
];

const DOCUMENTS = ['/README.md', '/CHANGELOG.md', '/docs/configuration.md', '/docs/operations.md', '/schema.graphql'];
