import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReach, isPublicAddress } from './reach.ts';

describe('what is public', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::5',
    '64:ff9b::808:808',
  ])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ['this host', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.255.255.254'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['carrier-grade NAT, Alibaba metadata', '100.100.100.200'],
    ['link-local, metadata of most clouds', '169.254.169.254'],
    ['Oracle metadata', '192.0.0.192'],
    ['Azure wire server', '168.63.129.16'],
    ['benchmarking', '198.19.0.1'],
    ['documentation', '203.0.113.9'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['link-local', 'fe80::1'],
    ['site-local', 'fec0::1'],
    ['unique local', 'fd00::1'],
    ['AWS metadata', 'fd00:ec2::254'],
    ['multicast', 'ff02::1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped loopback in hex', '::ffff:7f00:1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['NAT64 of a private address', '64:ff9b::10.0.0.1'],
    ['NAT64 of a private address in hex', '64:ff9b::a9fe:a9fe'],
    ['NAT64 of a local prefix', '64:ff9b:1::7f00:1'],
    ['6to4 of loopback', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation', '2001:db8::1'],
    ['a name', 'localhost'],
    ['nothing', ''],
  ])('%s, %s, is not', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test('an IPv4 address is as public inside NAT64 as outside, and never when mapped', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isIPv4(address)).toBe(true);
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address));
        expect(isPublicAddress(`::ffff:${address}`)).toBe(false);
      }),
    );
  });
});

describe('hosts in a URL', () => {
  const reach = createReach({ allow_hosts: [] });

  test.each([
    ['decimal', 'http://2130706433/'],
    ['octal', 'http://0177.0.0.1/'],
    ['hexadecimal', 'http://0x7f000001/'],
    ['short', 'http://127.1/'],
    ['zero', 'http://0/'],
    ['full-width digits', 'http://１２７.０.０.１/'],
    ['a dot at the end', 'http://127.0.0.1./'],
    ['IPv6', 'http://[::1]/'],
    ['IPv4-mapped', 'http://[::ffff:169.254.169.254]/'],
    ['NAT64', 'http://[64:ff9b::127.0.0.1]/'],
  ])('an address written otherwise is found: %s', (_, url) => {
    expect(() => reach.check(new URL(url))).toThrow('is not on the public internet');
  });
});

describe('web.allow_hosts', () => {
  test.each([
    [['127.0.0.1'], 'http://127.0.0.1:8080/', true],
    [['127.0.0.1:8080'], 'http://127.0.0.1:8080/', true],
    [['127.0.0.1:8080'], 'http://127.0.0.1:8081/', false],
    [['127.0.0.1:80'], 'http://127.0.0.1/', true],
    [['127.0.0.1:443'], 'https://127.0.0.1/', true],
    [['127.0.0.1:80'], 'https://127.0.0.1/', false],
    [['::1'], 'http://[::1]:9/', true],
    [['[::1]:9'], 'http://[::1]:9/', true],
    [['[::1]:9'], 'http://[::1]:10/', false],
    [['127.0.0.1'], 'http://127.0.0.2/', false],
    [['127.0.0.1'], 'http://2130706433/', true],
  ])('%j and %s: %s', (allow_hosts, url, reachable) => {
    const check = (): void => createReach({ allow_hosts }).check(new URL(url));
    if (reachable) check();
    else expect(check).toThrow('web.allow_hosts');
  });

  test.each([
    [['wiki.corp'], 'http://wiki.corp/', true],
    [['Wiki.Corp'], 'http://WIKI.corp./', true],
    [['corp'], 'http://wiki.corp/', false],
    [['wiki.corp:8080'], 'http://wiki.corp/', false],
    [[], 'http://wiki.corp/', false],
  ])('a name that leads inside, %j and %s: %s', async (allow_hosts, written, reachable) => {
    const url = new URL(written);
    const reach = createReach({ allow_hosts, lookup: async () => [{ address: '10.0.0.7', family: 4 }] });
    const found = await new Promise((resolve) => {
      reach.lookupFor(url)(url.hostname, { all: true }, (error, addresses) => resolve(error?.message ?? addresses));
    });
    expect(found).toEqual(
      reachable ? [{ address: '10.0.0.7', family: 4 }] : expect.stringContaining('is not on the public internet'),
    );
  });
});
