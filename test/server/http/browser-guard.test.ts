import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createBrowserGuard } from '../../../src/server/http/browser-guard.ts';

const APP = 'https://app.example';
const FORBIDDEN = { httpStatus: 403, code: 'FORBIDDEN' };

function guardOn(host: string) {
  const guard = createBrowserGuard({ host, corsOrigins: [APP, 'http://localhost:3000'] });
  return {
    expectHost: (header: string | undefined) =>
      expect(guard.refuseForeignHost(header === undefined ? {} : { host: header })),
    expectSite: (headers: IncomingHttpHeaders) => expect(guard.refuseCrossSite(headers)),
    siteRefusal: guard.refuseCrossSite,
  };
}

describe('a request across sites', () => {
  const { expectSite } = guardOn('127.0.0.1');
  const host = '127.0.0.1:4000';

  test('a program that sends neither header is let in', () => {
    expectSite({ host }).toBeUndefined();
    expectSite({}).toBeUndefined();
  });

  test.each([
    ['127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['LocalHost:4000', 'http://localhost:4000'],
    ['[::1]:4000', 'http://[::1]:4000'],
    ['gateway.example', 'https://gateway.example'],
    ['gateway.example', 'http://gateway.example'],
    ['gateway.example:8443', 'https://gateway.example:8443'],
    ['gateway.example:443', 'https://gateway.example'],
    ['gateway.example', 'https://gateway.example:443'],
    ['gateway.example:80', 'http://gateway.example'],
  ])('on %s its own page at %s is let in', (ownHost, origin) => {
    expectSite({ host: ownHost, origin, 'sec-fetch-site': 'same-origin' }).toBeUndefined();
    expectSite({ host: ownHost, origin }).toBeUndefined();
  });

  test.each([APP, 'http://localhost:3000', `${APP}:443`])('a page of the listed origin %s is let in', (origin) => {
    expectSite({ host, origin, 'sec-fetch-site': 'cross-site' }).toBeUndefined();
  });

  test.each([
    'https://evil.example',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://app.example/',
    'https://APP.example',
    'https://evil.example/https://app.example',
    'http://127.0.0.1:4001',
    'http://127.0.0.1',
    'http://localhost:4000',
    'file://',
    'null',
    '',
    'nonsense',
  ])('a page of the foreign origin %j is refused', (origin) => {
    expectSite({ host, origin }).toMatchObject(FORBIDDEN);
  });

  test('a foreign origin is refused whatever Sec-Fetch-Site says', () => {
    expectSite({ host, origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }).toMatchObject(FORBIDDEN);
    expectSite({ host, origin: 'null', 'sec-fetch-site': 'none' }).toMatchObject(FORBIDDEN);
  });

  test.each([
    ['gateway.example:80', 'https://gateway.example'],
    ['gateway.example:443', 'http://gateway.example'],
    ['gateway.example:443', 'https://gateway.example:8443'],
    ['gateway.example/x', 'https://gateway.example'],
    ['a@gateway.example', 'https://gateway.example'],
  ])('on %s a page at %s is foreign', (ownHost, origin) => {
    expectSite({ host: ownHost, origin }).toMatchObject(FORBIDDEN);
  });

  test('a refusal names both values, and what a proxy in front must do', () => {
    expectSite({ host: 'backend:4000', origin: 'https://kol.example' }).toMatchObject({
      message:
        'Not allowed: the Origin is not in CORS_ORIGINS, and differs from the Host. Origin "https://kol.example", Host "backend:4000". A proxy in front must pass on the Host that the browser sent.',
    });
    expectSite({ origin: 'https://kol.example' }).toMatchObject({
      message: expect.stringContaining('Host missing'),
    });
    expectSite({ host, 'sec-fetch-site': 'same-site' }).toMatchObject({
      message: expect.stringContaining(`(Sec-Fetch-Site "same-site"). Origin missing, Host "${host}".`),
    });
    const long = `https://${'a'.repeat(1000)}`;
    expect(JSON.stringify(guardOn('::1').siteRefusal({ host, origin: long })).length).toBeLessThan(600);
  });

  test('an origin is nobody’s own where there is no Host header', () => {
    expectSite({ origin: 'http://127.0.0.1:4000' }).toMatchObject(FORBIDDEN);
    expectSite({ origin: 'null', host: 'null' }).toMatchObject(FORBIDDEN);
    expectSite({ origin: 'file://', host: '' }).toMatchObject(FORBIDDEN);
  });

  test.each(['same-origin', 'none'])('without an Origin, Sec-Fetch-Site: %s is let in', (site) => {
    expectSite({ host, 'sec-fetch-site': site }).toBeUndefined();
  });

  test.each(['cross-site', 'same-site', '', 'nonsense'])('without an Origin, Sec-Fetch-Site: %j is refused', (site) => {
    expectSite({ host, 'sec-fetch-site': site }).toMatchObject(FORBIDDEN);
  });
});

describe('the Host header', () => {
  const LOOPBACK = ['127.0.0.1', 'localhost', '::1', '127.8.9.10'];

  test.each(LOOPBACK)('of this machine is let in by a server on %s', (host) => {
    const { expectHost } = guardOn(host);
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '127.1.2.3', 'kol.localhost']) {
      expectHost(name).toBeUndefined();
      expectHost(`${name}:4000`).toBeUndefined();
    }
  });

  test.each(LOOPBACK)('that is foreign is refused by a server on %s, at any port', (host) => {
    const { expectHost } = guardOn(host);
    for (const name of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'notlocalhost',
      '128.0.0.1',
      '0.0.0.0',
      '192.168.1.5',
      '[::2]',
      '[2001:db8::1]',
    ]) {
      expectHost(name).toMatchObject(FORBIDDEN);
      expectHost(`${name}:4000`).toMatchObject(FORBIDDEN);
    }
  });

  test('of a configured origin is let in', () => {
    const { expectHost } = guardOn('127.0.0.1');
    expectHost('app.example').toBeUndefined();
    expectHost('App.Example:443').toBeUndefined();
    expectHost('sub.app.example').toMatchObject(FORBIDDEN);
  });

  test('is named in the refusal', () => {
    guardOn('127.0.0.1')
      .expectHost('evil.example:4000')
      .toMatchObject({ message: expect.stringContaining('Origin missing, Host "evil.example:4000".') });
  });

  test('may be missing, as in the health checks of HTTP/1.0', () => {
    const { expectHost } = guardOn('127.0.0.1');
    for (const header of [undefined, 'localhost', undefined]) expectHost(header).toBeUndefined();
  });

  test.each([
    '',
    ' ',
    ':4000',
    'localhost:99999',
    'localhost:port',
    '[::1',
    '::1',
    '[localhost]',
    'a b',
    'localhost, evil.example',
    '%zz',
    'evil.example\\@localhost',
    'evil.example#@localhost',
    'evil.example@localhost',
    'localhost/x',
  ])('that is garbage (%j) is refused', (name) => {
    guardOn('127.0.0.1').expectHost(name).toMatchObject(FORBIDDEN);
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', 'gateway.example'])('is not judged by a server on %s', (host) => {
    const { expectHost } = guardOn(host);
    for (const name of ['gateway.example', '192.168.1.5:4000', 'behind-a-proxy', '', undefined]) {
      expectHost(name).toBeUndefined();
    }
  });
});
