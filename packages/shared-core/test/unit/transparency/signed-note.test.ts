import { describe, expect, it } from 'vitest';
import { createSigner, createVerifier, sha256 } from '../../../src/crypto/index.js';
import {
  decodeBase64,
  maximumSignatures,
  parseSignedNote,
  parseVerifierKey,
  printSignedNote,
  printVerifierKey,
  signNote,
  verifierKey,
  verifyNoteSignature,
} from '../../../src/transparency/index.js';

const { verify } = createVerifier();

// golang.org/x/mod/sumdb/note, note_test.go: keys, text and signatures.
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterSecret = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'; // type 1, then the seed
const enochKey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const text = `If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n`;
const peterLine =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const enochLine =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';

describe('signed note', () => {
  it('of the Go reference is read, verified and printed back', () => {
    const note = parseSignedNote(`${text}\n${peterLine}${enochLine}`)!;
    expect(note.text).toBe(text);
    const [peter, enoch] = [parseVerifierKey(peterKey, sha256)!, parseVerifierKey(enochKey, sha256)!];
    const [first, second] = note.signatures;
    expect(verifyNoteSignature(note.text, first!, peter, verify)).toBe(true);
    expect(verifyNoteSignature(note.text, second!, enoch, verify)).toBe(true);
    expect(verifyNoteSignature(note.text, first!, enoch, verify)).toBe(false);
    expect(verifyNoteSignature(note.text.replace('answer', 'Answer'), first!, peter, verify)).toBe(false);
    expect(printSignedNote(note)).toBe(`${text}\n${peterLine}${enochLine}`);
  });

  it('is signed to the same bytes as by the Go reference', async () => {
    using signer = createSigner(decodeBase64(peterSecret)!.slice(1));
    const signature = await signNote(text, 'PeterNeumann', signer, sha256);
    expect(printSignedNote({ text, signatures: [signature] })).toBe(`${text}\n${peterLine}`);
  });

  it('of the specification is verified by its verifier key', () => {
    // c2sp.org/signed-note, "Verifier keys", example.
    const key = parseVerifierKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', sha256)!;
    const note = parseSignedNote(
      'This is an example message.\n\n' +
        '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
    )!;
    expect(verifyNoteSignature(note.text, note.signatures[0]!, key, verify)).toBe(true);
  });

  it('ends its text at the last blank line', () => {
    // c2sp.org/signed-note, first example: the text has a blank line of its own.
    const poem = 'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n';
    const line =
      '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
    expect(parseSignedNote(`${poem}\n${line}`)?.text).toBe(poem);
    expect(parseSignedNote(`a\n\n\n${line}`)?.text).toBe('a\n\n');
  });

  // The malformed messages of note_test.go (TestOpen), and the other rules of the format.
  it.each([
    ['without signatures', text],
    ['with a blank line and no signatures', `${text}\n`],
    ['with a signature line that does not end', `${text}\n${peterLine.slice(0, -1)}`],
    ['with a control character', `\x01${text}\n${peterLine}`],
    ['with a carriage return', `${text.replace('\n', '\r\n')}\n${peterLine}`],
    ['with a tab', `\t${text}\n${peterLine}`],
    ['with half of a surrogate pair', `\ud800${text}\n${peterLine}`],
    ['with a blank in the key name', `${text}\n${peterLine.replace('PeterNeumann', 'Bad Name')}`],
    ['with a + in the key name', `${text}\n${peterLine.replace('PeterNeumann', 'Bad+Name')}`],
    ['with a no-break space in the key name', `${text}\n${peterLine.replace('PeterNeumann', 'Bad\u00a0Name')}`],
    ['without key name', `${text}\n${peterLine.replace('PeterNeumann', '')}`],
    ['with a line that is no signature', `${text}\n${peterLine}Unexpected line.\n`],
    ['with a hyphen for the em dash', `${text}\n${peterLine.replace('—', '-')}`],
    ['with an en dash for the em dash', `${text}\n${peterLine.replace('—', '–')}`],
    ['with a signature of no bytes', `${text}\n— PeterNeumann x08gow==\n`],
    ['with base64 of another alphabet', `${text}\n${peterLine.replaceAll('/', '_')}`],
    ['with more than 100 signatures', `${text}\n${peterLine.repeat(maximumSignatures + 1)}`],
    ['of more than 1 MiB', `${'x'.repeat(2 ** 20)}\n\n${peterLine}`],
    ['that is empty', ''],
  ])('%s is refused', (_, note) => {
    expect(parseSignedNote(note)).toBeUndefined();
  });

  it('holds 100 signatures and key names of any script', () => {
    expect(parseSignedNote(`${text}\n${peterLine.repeat(maximumSignatures)}`)?.signatures.length).toBe(100);
    const name = 'пример.example/日誌';
    const note = parseSignedNote(`${text}\n${peterLine.replace('PeterNeumann', name)}`);
    expect(note?.signatures[0]?.keyName).toBe(name);
  });

  it('is not printed when it could not be read back', () => {
    const signature = { keyName: 'a', keyId: 1, signature: new Uint8Array(64) };
    const bad: [Parameters<typeof printSignedNote>[0], RegExp][] = [
      [{ text: 'no newline', signatures: [signature] }, /ends in a newline/],
      [{ text: 'a\r\n', signatures: [signature] }, /control character/],
      [{ text: 'a\n', signatures: [] }, /0 signatures; expected 1 to 100/],
      [{ text: 'a\n', signatures: [{ ...signature, keyName: 'a b' }] }, /the key name is "a b"/],
      [{ text: 'a\n', signatures: [{ ...signature, keyName: 'a\nb' }] }, /the key name/],
      [{ text: 'a\n', signatures: [{ ...signature, keyId: 2 ** 32 }] }, /key id 4294967296/],
      [{ text: 'a\n', signatures: [{ ...signature, keyId: 0.5 }] }, /key id 0.5/],
      [{ text: 'a\n', signatures: [{ ...signature, signature: new Uint8Array(0) }] }, /0 bytes/],
    ];
    for (const [note, message] of bad) expect(() => printSignedNote(note)).toThrow(message);
  });
});

describe('verifier key', () => {
  it('of the Go reference prints back', () => {
    for (const vkey of [peterKey, enochKey]) {
      expect(printVerifierKey(parseVerifierKey(vkey, sha256)!)).toBe(vkey);
    }
  });

  it('is refused when any of its bytes is changed or any end is cut, as in note_test.go', () => {
    for (let begin = 0; begin <= peterKey.length; begin++) {
      for (let end = begin + 1; end <= peterKey.length; end++) {
        if (end - begin === peterKey.length) continue;
        expect(parseVerifierKey(peterKey.slice(begin, end), sha256)).toBeUndefined();
      }
    }
    for (let at = 0; at < peterKey.length; at++) {
      const next = String.fromCharCode(peterKey.charCodeAt(at) + 1);
      expect(parseVerifierKey(peterKey.slice(0, at) + next + peterKey.slice(at + 1), sha256)).toBeUndefined();
    }
  });

  it.each([
    [
      'of the wrong length, with its right id',
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    ],
    ['of an unknown type, with its right id', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['with a capital in its id', peterKey.replace('c74f20a3', 'C74F20A3')],
  ])('%s is refused', (_, vkey) => {
    expect(parseVerifierKey(vkey, sha256)).toBeUndefined();
  });

  it('is not made from what is no key', () => {
    expect(() => verifierKey('a', 1, new Uint8Array(31), sha256)).toThrow('31 bytes; expected 32');
    expect(() => verifierKey('a b', 1, new Uint8Array(32), sha256)).toThrow('"a b"');
    expect(() => verifierKey('', 1, new Uint8Array(32), sha256)).toThrow(RangeError);
    expect(() => verifierKey('a', 2, new Uint8Array(32), sha256)).toThrow('signature type is 2');
  });
});
