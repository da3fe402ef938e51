// Networks as blocklists have them, the same in every run: single addresses mostly, and networks of seven other lengths.
import { dotted, integers } from './login-log.mjs';

const lengths = { ipv4: [24, 25, 26, 27, 28, 29, 30], ipv6: [40, 44, 48, 52, 56, 60, 64] };
const bits = { ipv4: 32, ipv6: 128 };

function ipv4(next, length) {
  // 11.0.0.0 to 126.255.255.255, where this host is hardly to be found.
  const address = (((11 + (next() % 116)) << 24) | (next() & 0xffffff)) >>> 0;
  return dotted(length === 32 ? address : (address & (0xffffffff << (32 - length))) >>> 0);
}

function ipv6(next, length) {
  const bytes = [0x20, 0x01, ...Array.from({ length: 14 }, () => next() & 255)];
  const masked = bytes.map((byte, at) => {
    const kept = Math.min(8, Math.max(0, length - at * 8));
    return byte & (0xff00 >> kept) & 255;
  });
  return sixteen(masked);
}

/** RFC 5952, as the engine spells addresses. */
function sixteen(bytes) {
  const groups = Array.from({ length: 8 }, (_, at) => bytes[at * 2] * 256 + bytes[at * 2 + 1]);
  const url = new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]/`);
  return url.hostname.slice(1, -1);
}

const make = { ipv4, ipv6 };

/** So many different networks: a tenth of them of seven lengths that blocklists use, the rest single addresses. */
export function* networks(count, family) {
  const next = integers(7);
  const seen = new Set();
  for (let index = 0; seen.size < count; index += 1) {
    const length = index % 10 === 0 ? lengths[family][next() % 7] : bits[family];
    const text = `${make[family](next, length)}/${length}`;
    if (seen.has(text)) continue;
    seen.add(text);
    yield { text, isHost: length === bits[family] };
  }
}

/** A string of its own, as that of a socket's address is: what `slice` and `replace` give lies within a longer one. */
const ownText = (text) => Buffer.from(text, 'latin1').toString('latin1');

/** Questions, half of them about listed addresses. */
export function questions(list, count, family) {
  const next = integers(8);
  return Array.from({ length: count }, (_, index) => {
    if (index % 2 === 0) return ownText(list[next() % list.length].replace(/\/.*/, ''));
    return ownText(make[family](next, bits[family]));
  });
}
