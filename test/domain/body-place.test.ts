import { placeOfBody } from '../../src/domain/body-place';

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain; charset=utf-8';

describe('a body that is text', () => {
  it.each([
    ['{"a": "#{V}"}', 'json', JSON_TYPE],
    [' [ #{V}, "x" ]\n', 'json', JSON_TYPE],
    ['{"said": "#{Octopus.Action["Check" }].Output.Manual.Notes}"}', 'json', JSON_TYPE],
    ['#{V}', 'text', TEXT_TYPE],
    ['17', 'text', TEXT_TYPE],
    ['"#{V}"', 'text', TEXT_TYPE],
    ['{"a": #{V}', 'text', TEXT_TYPE],
    ['{a: 1}', 'text', TEXT_TYPE],
    ['a=#{V}', 'text', TEXT_TYPE],
    ['', 'text', TEXT_TYPE],
  ])('VAR-4: %s is sent and escaped as what it is, where nobody says', (body, place, contentType) => {
    expect(placeOfBody(body, undefined)).toEqual({ place, contentType });
  });

  it.each([
    ['application/json', 'json'],
    ['Application/Vnd.GitHub+JSON; charset=utf-8', 'json'],
    ['application/x-www-form-urlencoded', 'form'],
    ['APPLICATION/X-WWW-FORM-URLENCODED ; charset=UTF-8', 'form'],
    ['text/html; charset=utf-8', 'html'],
    ['application/xml', 'html'],
    ['application/soap+xml', 'html'],
    ['application/xhtml+xml', 'html'],
    ['text/plain', 'text'],
    ['text/csv; header=json', 'text'],
    ['', 'text'],
  ])('VAR-4: with content-type %s its variables are escaped for that', (declared, place) => {
    expect(placeOfBody('{"a": "#{V}"}', declared)).toEqual({ place, contentType: null });
  });
});
