import { createPublicKey, verify as opensslVerify } from 'node:crypto';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { createSigner, createVerifier, isStrictPublicKey } from '../../../src/crypto/index.js';
import {
  add,
  base,
  challenge,
  encode,
  groupOrder,
  identity,
  littleEndian,
  lowOrderPoints,
  multiply,
  p,
} from './edwards25519.js';
import { backends, hasSodium } from './installed.js';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

// RFC 8032 section 7.1: secret key, public key, message, signature.
const rfc8032 = [
  {
    name: 'TEST 1',
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'TEST 2',
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    name: 'TEST 3',
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    name: 'TEST 1024',
    seed: 'f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5',
    publicKey: '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
    message:
      '08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f54e9f77b1e355f6c50544e23fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37c93a1b270b20329d658675fc6ea534e0810a4432826bf58c941efb65d57a338bbd2e26640f89ffbc1a858efcb8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80288a821a579116ec6dad2b3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573cb116dbefefd75499da96bd68a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce81bd84359d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d502f1a8c6eb6f1ce22b3de1a1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f27088d78b7e883c8759d2c4f5c65adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089beccf80cfe2df16a2cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a7a569d80c3414a8d0859dc65a46128bab27af87a71314f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504df543af8969be3ea7082ff7fc9888c144da2af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb751fb73e666c6c655ade8297297d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb038dda0847dd988dcda6f3bfd15c4b4c4525004aa06eeff8ca61783aacec57fb3d1f92b0fe2fd1a85f6724517b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a7e08d78ff4ef5d63653a65040cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7276cd419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc5600a32ef5b52a1ecc820e308aa342721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b1116398a346f1a641f3b041e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa933a15ef1369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185c32eddcdd306705e4dc1ffc872eeee475a64dfac86aba41c0618983f8741c5ef68d3a101e8a3b8cac60c905c15fc910840b94c00a0b9d0',
    signature:
      '0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03',
  },
  {
    name: 'TEST SHA(abc)',
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    publicKey: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
];

// Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (SSR 2020), the 12 cases of novifinancial/ed25519-speccheck,
// with the verdicts that its table gives for LibSodium, OpenSSL-3.0 and TweetNaCl-js on their own.
const speccheck = [
  {
    what: 'small A and R',
    publicKey: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    message: '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    signature:
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000',
    libsodium: false,
    openssl: true,
    tweetnacl: true,
  },
  {
    what: 'small A',
    publicKey: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    message: '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    signature:
      'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
    libsodium: false,
    openssl: true,
    tweetnacl: true,
  },
  {
    what: 'small R',
    publicKey: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    message: 'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    signature:
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
    libsodium: false,
    openssl: true,
    tweetnacl: true,
  },
  {
    what: 'mixed A and R, cofactorless holds',
    publicKey: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    message: '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    signature:
      '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
    libsodium: true,
    openssl: true,
    tweetnacl: true,
  },
  {
    what: 'mixed A and R, holds with cofactor only',
    publicKey: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    message: 'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    signature:
      '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
    libsodium: false,
    openssl: false,
    tweetnacl: false,
  },
  {
    what: 'holds with cofactor only',
    publicKey: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    message: 'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    signature:
      '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
    libsodium: false,
    openssl: false,
    tweetnacl: false,
  },
  {
    what: 'S > L',
    publicKey: '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    message: '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    signature:
      'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
    libsodium: false,
    openssl: false,
    tweetnacl: true,
  },
  {
    what: 'S >> L',
    publicKey: '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    message: '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    signature:
      '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
    libsodium: false,
    openssl: false,
    tweetnacl: true,
  },
  {
    what: 'non-canonical R, reduced for the hash',
    publicKey: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    message: '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f',
    libsodium: false,
    openssl: false,
    tweetnacl: false,
  },
  {
    what: 'non-canonical R',
    publicKey: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    message: '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908',
    libsodium: false,
    openssl: false,
    tweetnacl: false,
  },
  {
    what: 'non-canonical A, reduced for the hash',
    publicKey: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    message: 'e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b',
    signature:
      'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
    libsodium: false,
    openssl: false,
    tweetnacl: false,
  },
  {
    what: 'non-canonical A',
    publicKey: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    message: '39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f',
    signature:
      'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
    libsodium: false,
    openssl: true,
    tweetnacl: true,
  },
];

describe.each(backends)('Ed25519 by %s', (backend) => {
  const { verify } = createVerifier({ backend });

  it.each(rfc8032)('makes and accepts the signature of RFC 8032, $name', ({ seed, publicKey, message, signature }) => {
    using signer = createSigner(bytes(seed), { backend });
    expect(hex(signer.publicKey)).toBe(publicKey);
    expect(hex(signer.sign(bytes(message)))).toBe(signature);
    expect(verify(bytes(publicKey), bytes(message), bytes(signature))).toBe(true);
    expect(verify(bytes(publicKey), concat(bytes(message), Uint8Array.of(0)), bytes(signature))).toBe(false);
  });

  it.each(speccheck)('gives the strict verdict on $what', ({ publicKey, message, signature, libsodium }) => {
    expect(verify(bytes(publicKey), bytes(message), bytes(signature))).toBe(libsodium);
  });

  it('takes Buffers as they are, and changes nothing that it is given', () => {
    const [{ publicKey, message, signature }] = rfc8032.slice(1) as [(typeof rfc8032)[0]];
    const inputs = [publicKey, message, signature].map((text) => Buffer.from(text, 'hex'));
    expect(verify(inputs[0]!, inputs[1]!, inputs[2]!)).toBe(true);
    // The top byte of this key is that of p, so that its encoding is looked at closely.
    const nearPrime = Buffer.alloc(32, 0xff);
    expect(verify(nearPrime, inputs[1]!, inputs[2]!)).toBe(false);
    expect(nearPrime.equals(Buffer.alloc(32, 0xff))).toBe(true);
    expect(inputs.map((input) => input.toString('hex'))).toEqual([publicKey, message, signature]);
  });

  it('accepts keys and nonces with a torsion part when the cofactorless equation holds, and only then', () => {
    const torsion = lowOrderPoints()[1]!;
    const secret = 123456789n;
    const nonce = 987654321n;
    const a = encode(add(multiply(secret, base), torsion));
    let held = 0;
    for (let number = 0; number < 32; number++) {
      const message = Uint8Array.of(number);
      const r = encode(multiply(nonce, base));
      const k = challenge(r, a, message);
      const signature = concat(r, littleEndian((nonce + k * secret) % groupOrder));
      // [S]B = R + [k](A - T): equal to R + [k]A when 8 divides k.
      expect(verify(a, message, signature)).toBe(k % 8n === 0n);
      if (k % 8n === 0n) held++;
    }
    expect(held).toBeGreaterThan(0);
  });

  it('refuses what is no key or no signature, and never throws', () => {
    const [{ publicKey, message, signature }] = rfc8032.slice(1) as [(typeof rfc8032)[0]];
    const [key, text, good] = [bytes(publicKey), bytes(message), bytes(signature)];
    expect(verify(key.subarray(1), text, good)).toBe(false);
    expect(verify(concat(key, key), text, good)).toBe(false);
    expect(verify(key, text, good.subarray(1))).toBe(false);
    expect(verify(key, text, concat(good, Uint8Array.of(0)))).toBe(false);
    expect(verify(new Uint8Array(0), new Uint8Array(0), new Uint8Array(0))).toBe(false);
    for (const wrong of [undefined, null, publicKey, 7, {}, [...key]]) {
      expect(verify(wrong as never, text, good)).toBe(false);
      expect(verify(key, wrong as never, good)).toBe(false);
      expect(verify(key, text, wrong as never)).toBe(false);
    }
    // y = 2 is the y of no point of the curve.
    expect(verify(littleEndian(2n), text, good)).toBe(false);
    expect(verify(key, text, concat(littleEndian(2n), good.subarray(32)))).toBe(false);
  });

  it('makes no signer from what is no seed, and signs no more once disposed', () => {
    const keyInvalid = expect.objectContaining({ code: 'KeyInvalid' });
    expect(() => createSigner(new Uint8Array(31), { backend })).toThrow(keyInvalid);
    expect(() => createSigner(new Uint8Array(64), { backend })).toThrow('the seed is 64 bytes; expected 32 bytes');
    expect(() => createSigner('secret' as never, { backend })).toThrow('the seed is string');
    const seed = new Uint8Array(32).fill(3);
    const signer = createSigner(seed, { backend });
    const before = signer.sign(Uint8Array.of(1));
    seed.fill(0);
    expect(signer.sign(Uint8Array.of(1))).toEqual(before); // the signer has a copy of its own
    signer[Symbol.dispose]();
    expect(() => signer.sign(Uint8Array.of(1))).toThrow(keyInvalid);
    signer[Symbol.dispose]();
  });
});

describe('the strict profile', () => {
  const points = lowOrderPoints();

  it('shuts out the 14 encodings of low order, and nothing next to them', () => {
    const ys = [...new Set(points.map(({ y }) => y))];
    const encodings = ys.flatMap((y) => [y, y + p].filter((each) => each < 2n ** 255n));
    const withSign = encodings.flatMap((y) => [y, y | (1n << 255n)]);
    expect(ys.length).toBe(5);
    expect(withSign.length).toBe(14);
    for (const y of withSign) expect(isStrictPublicKey(littleEndian(y))).toBe(false);
    for (const y of withSign) {
      for (let bit = 0n; bit < 255n; bit++) {
        const neighbour = y ^ (1n << bit);
        const isRefused = withSign.includes(neighbour) || (neighbour & (2n ** 255n - 1n)) >= p;
        expect(isStrictPublicKey(littleEndian(neighbour))).toBe(!isRefused);
      }
    }
  });

  it('shuts out the 19 values of y from p to 2^255 - 1, and not p - 2', () => {
    for (let y = p; y < 2n ** 255n; y++) {
      expect(isStrictPublicKey(littleEndian(y))).toBe(false);
      expect(isStrictPublicKey(littleEndian(y | (1n << 255n)))).toBe(false);
    }
    expect(isStrictPublicKey(littleEndian(p - 2n))).toBe(true);
    expect(isStrictPublicKey(new Uint8Array(31))).toBe(false);
  });

  it('is what keeps a key of low order from "signing" everything: OpenSSL and TweetNaCl alone accept that', () => {
    // With A the identity, [k]A vanishes: R = [S]B holds for every message.
    const a = encode(identity);
    const s = 42n;
    const signature = concat(encode(multiply(s, base)), littleEndian(s));
    for (const text of ['pay 1', 'pay 1000']) {
      const message = new TextEncoder().encode(text);
      expect(opensslAlone(a, message, signature)).toBe(!nodeIsStricter);
      expect(nacl.sign.detached.verify(message, signature, a)).toBe(true);
      for (const backend of backends) expect(createVerifier({ backend }).verify(a, message, signature)).toBe(false);
    }
  });

  it('is what makes signatures unique: TweetNaCl alone accepts S + L', () => {
    const { publicKey, message, signature } = rfc8032[2]!;
    const s = BigInt(`0x${Buffer.from(signature, 'hex').subarray(32).reverse().toString('hex')}`);
    const r = bytes(signature).subarray(0, 32);
    expect(nacl.sign.detached.verify(bytes(message), concat(r, littleEndian(s + groupOrder)), bytes(publicKey))).toBe(
      true,
    );
    for (const backend of backends) {
      const { verify } = createVerifier({ backend });
      for (let more = s + groupOrder; more < 2n ** 256n; more += groupOrder) {
        expect(verify(bytes(publicKey), bytes(message), concat(r, littleEndian(more)))).toBe(false);
      }
      expect(verify(bytes(publicKey), bytes(message), concat(r, littleEndian(groupOrder)))).toBe(false);
    }
  });

  it.each(speccheck)('meets the libraries as the paper found them, on $what', (each) => {
    const [publicKey, message, signature] = [bytes(each.publicKey), bytes(each.message), bytes(each.signature)];
    const alone = opensslAlone(publicKey, message, signature);
    if (nodeIsStricter) expect(alone && !each.openssl).toBe(false);
    else expect(alone).toBe(each.openssl);
    expect(nacl.sign.detached.verify(message, signature, publicKey)).toBe(each.tweetnacl);
  });
});

describe('a verifier', () => {
  it('gives the same verdicts with a cache of one key as with room for all', () => {
    const small = createVerifier({ maxKeys: 1 });
    const large = createVerifier();
    const signers = [1, 2, 3].map((number) => createSigner(new Uint8Array(32).fill(number)));
    const message = Uint8Array.of(1, 2, 3);
    for (let round = 0; round < 3; round++) {
      for (const signer of signers) {
        for (const other of signers) {
          const signature = other.sign(message);
          expect(small.verify(signer.publicKey, message, signature)).toBe(signer === other);
          expect(large.verify(signer.publicKey, message, signature)).toBe(signer === other);
        }
      }
    }
  });

  it('refuses a cache without room and a backend that is none', () => {
    for (const maxKeys of [0, -1, 1.5, Number.NaN]) expect(() => createVerifier({ maxKeys })).toThrow(RangeError);
    expect(() => createVerifier({ backend: 'openssl' as never })).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid', message: expect.stringContaining('"openssl"') }),
    );
  });

  it.skipIf(hasSodium)('says which package is missing for the backend sodium', () => {
    const missing = expect.objectContaining({
      code: 'ConfigInvalid',
      message: expect.stringContaining('sodium-native'),
    });
    expect(() => createVerifier({ backend: 'sodium' })).toThrow(missing);
    expect(() => createSigner(new Uint8Array(32), { backend: 'sodium' })).toThrow(missing);
  });
});

/** From Node 24 on, `crypto.verify` refuses points of low order itself: it accepts a part of what the paper found. */
const nodeIsStricter = Number.parseInt(process.versions.node, 10) >= 24;

function opensslAlone(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return opensslVerify(null, message, key, signature);
}
