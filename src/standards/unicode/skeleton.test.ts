import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HOSTILE_STRINGS, LONE_SURROGATES } from './hostile-strings.fixture.ts';
import { confusableSkeleton } from './skeleton.ts';

describe('the skeleton of a name', () => {
  it('is one for all look-alikes of the name', () => {
    const families: readonly (readonly string[])[] = [
      [
        'get_user',
        'Get_User',
        'GET-USER',
        'get.user',
        'get/user',
        'get__user',
        'get user',
        'get\u2014user',
        'get\u2010user',
        'get\u00a0user',
        'get:user',
        'get\u00b7user',
        'get\tuser',
        'g\u0435t_us\u0435r',
        'g\u200bet_user',
        'get_user\u200d',
        'get_user\u{e0041}',
        'get\u202e_user',
        'ge\u0301t_user',
        'get_user\ufe0f',
        '\uff47\uff45\uff54\uff3f\uff55\uff53\uff45\uff52',
        '\u{1d5f4}\u{1d5f2}\u{1d601}_user',
        '\u24d6et_user',
        'get_u\u0455er',
        'ge\u03c4_user',
        'get_\u057dser',
        'get_u\ua731er',
        'get\u203fuser',
        'GET_US\u0395R',
      ],
      [
        'login',
        '1ogin',
        'Iogin',
        'l0gin',
        'log1n',
        'LOGIN',
        '|ogin',
        'l\u043egin',
        '\u04cfogin',
        'log\u0131n',
        'log\u0456n',
        'l\u00f8gin',
        'LOG\u0130N',
      ],
      ['transform', 'transforrn', 'tran\u017fform', 'TRANSF\u041eRM'],
      ['wallet', 'vvallet', '\u051dallet', 'Wallet'],
      ['kelvin', '\u212aelvin', '\u043aelvin', '\u039aELVIN'],
      ['file', '\ufb01le', 'fi\u200cle'],
      ['paypal', '\u0440\u0430\u0443\u0440\u0430\u04cf', '\u{1d4c5}aypal', 'p\u0251ypal'],
    ];
    for (const [first = '', ...others] of families) {
      for (const other of others)
        assert.equal(confusableSkeleton(other), confusableSkeleton(first), JSON.stringify(other));
    }
  });

  it('meets when a delimiter moves from the server name to the tool name', () => {
    assert.equal(confusableSkeleton('a__b' + '__' + 'c'), confusableSkeleton('a' + '__' + 'b__c'));
    assert.equal(confusableSkeleton('a_' + '/' + 'b'), confusableSkeleton('a' + '/' + '_b'));
  });

  it('keeps names apart that a reader keeps apart', () => {
    const names = [
      'get_user',
      'get_users',
      'getuser',
      'set_user',
      'list',
      'read_file',
      'write_file',
      'delete',
      'tool2',
      'tool3',
      'get_data',
      'かき',
      'がき',
      'नमस्ते',
      'नमस्तो',
      'привет',
      'мир',
      'file',
      'pile',
      '',
    ];
    assert.equal(new Set(names.map(confusableSkeleton)).size, names.length);
  });

  it('is its own skeleton', () => {
    const check = (text: string): void => {
      const skeleton = confusableSkeleton(text);
      assert.equal(confusableSkeleton(skeleton), skeleton);
    };
    [...HOSTILE_STRINGS, ...LONE_SURROGATES].forEach(check);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), check), { numRuns: 2_000 });
    for (let code = 0; code <= 0xffff; code += 1) check(String.fromCodePoint(code));
  });

  it('does not change with case, width or invisible characters in any ASCII name', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9_.-]{1,30}$/);
    fc.assert(
      fc.property(name, fc.nat(30), (text, at) => {
        const skeleton = confusableSkeleton(text);
        const wide = [...text].map((char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)).join('');
        const variants = [text.toUpperCase(), text.toLowerCase(), wide, `${text.slice(0, at)}\u200b${text.slice(at)}`];
        for (const variant of variants) assert.equal(confusableSkeleton(variant), skeleton);
      }),
    );
  });
});
