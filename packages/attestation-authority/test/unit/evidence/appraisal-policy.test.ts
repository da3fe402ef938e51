import { describe, expect, it } from 'vitest';
import { type AppraisalPolicy, compilePolicy } from '../../../src/index.js';

const sound: AppraisalPolicy = { name: 'p', pcrs: { 'sha256:0': ['ab'.repeat(32)], 'sha384:7': 'any' } };

describe('a policy', () => {
  it('is refused with everything that is wrong with it', () => {
    const wrong: [unknown, RegExp][] = [
      [{ ...sound, name: '' }, /name/],
      [{ ...sound, pcrs: {} }, /names no PCR/],
      [{ ...sound, pcrs: { 'sha256:32': 'any' } }, /pcrs/],
      [{ ...sound, pcrs: { 'sha256:07': 'any' } }, /pcrs/],
      [{ ...sound, pcrs: { 'sha256:0': [] } }, /pcrs/],
      [{ ...sound, pcrs: { 'sha256:0': ['ab'.repeat(20)] } }, /64 digits/],
      [{ ...sound, pcrs: { 'sha256:0': ['AB'.repeat(32)] } }, /hex/],
      [{ ...sound, pcrs: { 'sha1:0': 'any' } }, /sha1 is not one of its hashes/],
      [{ ...sound, events: { allow: { 'sha256:4': ['ab'.repeat(48)] } } }, /64 digits/],
      [{ ...sound, events: { require: [{ pcr: 'sha256:4', type: 'SEPARATOR' }] } }, /event type/],
      [{ ...sound, firmwareVersions: ['1'] }, /16 hex digits/],
      [{ ...sound, surprise: true }, /surprise/],
    ];
    for (const [policy, message] of wrong) {
      expect(() => compilePolicy(policy as AppraisalPolicy)).toThrow(
        expect.objectContaining({ code: 'OptionsInvalid', message: expect.stringMatching(message) }),
      );
    }
  });

  it('is named by a digest of what it says, whatever the order of its members', () => {
    const { name, pcrs } = sound;
    expect(compilePolicy({ pcrs, name }).digest).toBe(compilePolicy(sound).digest);
    expect(compilePolicy({ ...sound, name: 'q' }).digest).not.toBe(compilePolicy(sound).digest);
    // SHA-256 of the text below by sha256sum.
    expect(compilePolicy({ name: 'x', pcrs: { 'sha256:0': 'any' } }).digest).toBe(
      '705bbfb0eb05303101215d00ec7e422bbff19f762c13d9c9c1c40f3619c531a4',
    );
  });

  it('asks for every PCR that its event rules name', () => {
    const { references } = compilePolicy({
      ...sound,
      events: { allow: { 'sha256:4': ['ab'.repeat(32)] }, require: [{ pcr: 'sha256:7', type: 'EV_SEPARATOR' }] },
    });
    expect([...references.keys()]).toEqual(['sha256:0', 'sha384:7', 'sha256:4', 'sha256:7']);
  });
});
