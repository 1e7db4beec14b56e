// Where a request of ours may go. What an upstream's settings or its answers name must not lead into
// our own network, to this machine, or to the cloud's metadata service (IANA special-purpose registries).
import { BlockList, isIP } from 'node:net';

/** Open to connectors whose upstream is in a private network. */
const PRIVATE = {
  ipv4: ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ipv6: ['::1/128', 'fc00::/7'],
};

/** Open to nobody: the network itself, link-local, documentation, benchmarks, multicast, reserved. */
const NEVER = {
  ipv4: [
    ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24'],
    ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
    // Metadata and agents of Alibaba and Azure.
    ...['100.100.100.200/32', '168.63.129.16/32'],
  ],
  // Teredo, documentation and 6to4; the metadata service of Amazon.
  ipv6: ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', 'fd00:ec2::254/128'],
};

/** Of IPv6 all else is reserved: IPv4 in its various disguises, NAT64, link-local, multicast. */
const GLOBAL_UNICAST = ['2000::/3'];

type Family = 'ipv4' | 'ipv6';

// A list for each family: in one, a rule for mapped addresses would hold for all of IPv4.
const listsOf = (family: Family) => ({
  never: toList(family, NEVER[family]),
  private: toList(family, PRIVATE[family]),
  global: toList(family, family === 'ipv4' ? ['0.0.0.0/0'] : GLOBAL_UNICAST),
});
const lists = { ipv4: listsOf('ipv4'), ipv6: listsOf('ipv6') };

/** Whether a connection to this IP address may be made. What is no address may not. */
export function isReachable(address: string, policy: { privateNetwork: boolean }): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const { never, private: own, global } = lists[family];
  if (never.check(address, family)) return false;
  return own.check(address, family) ? policy.privateNetwork : global.check(address, family);
}

function toList(family: Family, ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
