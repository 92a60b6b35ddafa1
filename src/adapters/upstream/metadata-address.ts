import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses that hand out credentials of the machine to whoever asks: no MCP server lives there, whatever name leads
 * there. IPv4 in IPv6 is matched by BlockList itself.
 */
const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local: AWS, GCP, Azure, OCI
METADATA.addAddress('100.100.100.200', 'ipv4'); // Alibaba
METADATA.addSubnet('fe80::', 10, 'ipv6');
METADATA.addAddress('fd00:ec2::254', 'ipv6'); // AWS

/** True when `host` is an address literal that is refused. Names are checked when they are resolved. */
export function isMetadataAddress(host: string): boolean {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const family = isIP(bare);
  return family !== 0 && METADATA.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** Resolves once, and the socket connects to exactly what was checked here. */
export const lookupExceptMetadata: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0);
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => isMetadataAddress(address))) {
      return callback(new Error('the name leads to an address that is never connected to'), '', 0);
    }
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};
