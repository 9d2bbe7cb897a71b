import { type Abuse, BUYING, JSON_TYPE } from './abuse.ts';

const FORBIDDEN = { status: 403, code: 'FORBIDDEN' };
const APP = 'https://app.example';
const LINK = `/graphql?${new URLSearchParams({ query: BUYING })}`;
const CORS = { CORS_ORIGINS: APP };

function page(title: string, headers: Record<string, string>, env?: Readonly<Record<string, string>>): Abuse {
  const sent = { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ query: BUYING }) };
  return { title, sent, ...FORBIDDEN, ...(env && { env }) };
}

/** What other people's pages make a browser send. */
export const BROWSERS: readonly Abuse[] = [
  page('a script on another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
  page('a script in a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }),
  page('a script on another port of this host', { origin: 'http://127.0.0.1:1' }),
  page('a script of another site that says nothing of where it is', { 'sec-fetch-site': 'cross-site' }),
  page('a script on a neighbour of this site', { 'sec-fetch-site': 'same-site' }),
  page('a form that looks like text', { origin: 'https://evil.example', 'content-type': 'text/plain' }),
  page('a form', { 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' }),
  page('a site that has the name of a listed one in its own', { origin: `${APP}.evil.example` }, CORS),
  page('a listed site over plain HTTP', { origin: 'http://app.example' }, CORS),
  page('a listed site on another port', { origin: `${APP}:8443` }, CORS),
  page('a listed site and another one', { origin: `${APP}, https://evil.example` }, CORS),
  page('a name that was pointed at this machine', { host: 'evil.example', origin: 'http://evil.example' }),
  {
    title: 'a preflight of another site',
    sent: { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' } },
    ...FORBIDDEN,
  },
  {
    title: 'an image of another site whose address is a query',
    sent: { path: LINK, headers: { accept: 'image/*', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    ...FORBIDDEN,
  },
  {
    title: 'a link on another site that leads to a query',
    sent: {
      path: LINK,
      // Packed, as browsers take it: the test reads the page in the thread that it watches.
      headers: {
        accept: 'text/html',
        'accept-encoding': 'gzip',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
      },
    },
    status: 200,
  },
  {
    title: 'a link on another site that leads to a query where there are no pages',
    sent: {
      path: LINK,
      headers: { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    },
    ...FORBIDDEN,
    env: { GRAPHIQL: 'false' },
  },
  {
    title: 'a visit to the start page where there are no pages',
    sent: { path: '/', headers: { accept: 'text/html', 'sec-fetch-site': 'none' } },
    status: 404,
    code: 'NOT_FOUND',
    env: { GRAPHIQL: 'false' },
  },
  {
    title: 'a path out of the documents',
    sent: { path: '/docs/../package.json', headers: { accept: 'text/html' } },
    status: 404,
    code: 'NOT_FOUND',
  },
];
