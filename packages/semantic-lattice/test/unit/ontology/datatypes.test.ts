// Values of literals, as XML Schema 1.1 part 2 has them.
import { describe, expect, it } from 'vitest';
import { RecognisedDatatypes } from '../../../src/ontology/datatypes.js';

const xsd = 'http://www.w3.org/2001/XMLSchema#';
const all = 'string boolean decimal integer int byte nonNegativeInteger double float'
  .split(' ')
  .map((name) => xsd + name);
const datatypes = new RecognisedDatatypes(all);
const term = (text: string, datatype: string) => (datatype === 'string' ? `"${text}"` : `"${text}"^^${xsd}${datatype}`);

describe('recognised datatypes', () => {
  it.each([
    ['01', 'integer', '1', 'integer'],
    ['1.0', 'decimal', '1', 'int'],
    ['-0', 'integer', '0', 'decimal'],
    ['+.50', 'decimal', '0.5', 'decimal'],
    ['1', 'boolean', 'true', 'boolean'],
    ['1e2', 'double', '100', 'double'],
    ['0.1', 'float', '0.10000000149', 'float'],
    ['+INF', 'double', 'INF', 'double'],
  ])('%s of %s is %s of %s', (text, datatype, other, otherDatatype) => {
    expect(datatypes.meaning(term(text, datatype))!.term).toBe(datatypes.meaning(term(other, otherDatatype))!.term);
  });

  it.each([
    ['1', 'integer', '1', 'double'],
    ['1', 'double', '1', 'float'],
    ['0', 'double', '-0', 'double'],
    ['1', 'string', '1', 'integer'],
    ['0.1', 'double', '0.10000000149', 'double'],
  ])('%s of %s is not %s of %s', (text, datatype, other, otherDatatype) => {
    expect(datatypes.meaning(term(text, datatype))!.term).not.toBe(datatypes.meaning(term(other, otherDatatype))!.term);
  });

  it.each([
    ['1.5', 'integer'],
    ['128', 'byte'],
    ['-1', 'nonNegativeInteger'],
    ['', 'decimal'],
    ['.', 'decimal'],
    ['yes', 'boolean'],
    ['Infinity', 'double'],
    [' 1', 'int'],
  ])('%j is no text of %s', (text, datatype) => {
    expect(datatypes.meaning(term(text, datatype))).toMatchObject({ illTyped: xsd + datatype, types: [] });
  });

  it('tells the datatypes that a value is in from those that it is not in', () => {
    const { types, excluded } = datatypes.meaning(term('127', 'decimal'))!;
    expect(types.map((iri) => iri.slice(xsd.length))).toEqual([
      'decimal',
      'integer',
      'int',
      'byte',
      'nonNegativeInteger',
    ]);
    expect(excluded.map((iri) => iri.split('#')[1])).toEqual(['string', 'boolean', 'double', 'float', 'langString']);
  });

  it('leaves terms of other datatypes alone, and refuses a datatype that it does not know', () => {
    expect(datatypes.meaning(`"x"^^${xsd}gYear`)).toBeUndefined();
    expect(datatypes.meaning('http://e/a')).toBeUndefined();
    expect(() => new RecognisedDatatypes(['http://e/mine'])).toThrow(
      expect.objectContaining({ code: 'OptionsInvalid' }),
    );
  });
});
