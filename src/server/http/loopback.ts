import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host name or address, with or without IPv6 brackets, means this machine only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(name);
  return family === 0
    ? name === 'localhost' || name.endsWith('.localhost')
    : loopback.check(name, family === 4 ? 'ipv4' : 'ipv6');
}
