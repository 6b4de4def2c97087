import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name. */
export type Lookup = (name: string) => Promise<readonly Address[]>;

/**
 * IPv4 that is not the public internet: the IANA special-purpose registry (RFC 6890 and updates), multicast,
 * and the one metadata address in public space (Azure's 168.63.129.16).
 */
const NOT_PUBLIC_4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/** IPv6 is public only within 2000::/3, without protocol assignments and Teredo, documentation and 6to4. */
const GLOBAL_6 = ['2000::', 3] as const;
const NOT_PUBLIC_6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

/** Where NAT64 puts the whole of IPv4 (RFC 6052): as public as the address inside. */
const NAT64 = '64:ff9b::';

const refused = new BlockList();
const global6 = new BlockList();
global6.addSubnet(...GLOBAL_6, 'ipv6');
global6.addSubnet(NAT64, 96, 'ipv6');
for (const [net, bits] of NOT_PUBLIC_6) refused.addSubnet(net, bits, 'ipv6');
for (const [net, bits] of NOT_PUBLIC_4) {
  refused.addSubnet(net, bits, 'ipv4');
  refused.addSubnet(`${NAT64}${net}`, 96 + bits, 'ipv6');
}

/** Whether an IP address is one of the public internet; what is no address is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refused.check(address, 'ipv4');
    case 6:
      return global6.check(address, 'ipv6') && !refused.check(address, 'ipv6');
    default:
      return false;
  }
}

/** Which hosts may be reached. Throws for the others, in words for the model. */
export interface Reach {
  /** Refuses a URL whose host is an address that may not be reached. Names are looked up when they are connected to. */
  check(url: URL): void;
  /** Looks a URL's host up for the connection itself, so that the address that was checked is the one connected to. */
  lookupFor(url: URL): LookupFunction;
}

/** `allow_hosts`: names or addresses, with `:port` for that port only, that may be reached wherever they are. */
export function createReach({
  allow_hosts,
  lookup: addressesOf = (name) => lookup(name, { all: true, verbatim: true }),
}: {
  readonly allow_hosts: readonly string[];
  readonly lookup?: Lookup;
}): Reach {
  const allowed = new Set(allow_hosts.map(hostOf));
  const isAllowed = (url: URL): boolean => allowed.has(nameOf(url)) || allowed.has(`${nameOf(url)}:${portOf(url)}`);
  return {
    check(url) {
      const name = nameOf(url);
      if (isIP(name) !== 0 && !isPublicAddress(name) && !isAllowed(url)) throw notPublic(url);
    },
    lookupFor: (url) => (name, options, callback) => {
      addressesOf(name).then(
        (found) => {
          const wanted = options.family === 4 || options.family === 6 ? options.family : undefined;
          const addresses = found.filter(({ family }) => wanted === undefined || family === wanted);
          const [first] = addresses;
          // One address inside is enough: a name that has both is how a check is got around.
          if (!isAllowed(url) && found.some(({ address }) => !isPublicAddress(address))) callback(notPublic(url), '');
          else if (first === undefined) callback(new Error(`"${name}" has no address.`), '');
          else if (options.all === true) callback(null, [...addresses]);
          else callback(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => callback(error, ''),
      );
    },
  };
}

function notPublic(url: URL): Error {
  return new Error(
    `"${url.host}" is not on the public internet, and only the operator can let children reach it (web.allow_hosts).`,
  );
}

/** As the configuration writes it, so that it compares with a URL's: IPv6 without brackets unless there is a port. */
function hostOf(written: string): string {
  if (isIPv6(written)) return nameOf(new URL(`http://[${written}]`));
  const url = new URL(`http://${written}`);
  return /:\d+$/.test(written) ? `${nameOf(url)}:${portOf(url)}` : nameOf(url);
}

function nameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}
