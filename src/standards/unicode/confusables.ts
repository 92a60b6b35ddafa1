/**
 * Characters that look like an ASCII letter or digit: a selection from Unicode Technical Standard #39
 * (confusables.txt, https://www.unicode.org/reports/tr39/), the single characters that pass for one ASCII
 * character in common fonts. Compatibility forms (fullwidth, mathematical, circled, …) are not listed:
 * NFKD finds them. Capitals stand in the row of their small letter. Written as code points, because
 * the characters themselves could not be told apart here.
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: '251 391 3b1 410 430 13aa 15c5 1d00 237a a4ee ab7a 102a0 16f40',
  b: '184 299 392 3b2 3d0 412 42c 432 44c 13cf 13f4 1472 15af 15f7 a4d0 a7b4 10282 102a1 10301',
  c: '3f2 3f9 421 441 13df 1d04 2ca4 2ca5 a4da abaf 102a2 10302 10415 1043d 1051c 118e9 118f2',
  d: '256 501 13a0 13e7 146f 15de 15ea 1d05 a4d2 a4d3 ab70',
  e: '395 3b5 415 435 4bc 4bd 13ac 1d07 212e 22ff 2d39 a4f0 ab32 ab7c 10286 118a6 118ae',
  f: '192 3dc 3dd 584 15b4 1e9d a4dd a798 a799 ab35 102a5 10525 118a2 118c2',
  g: '18d 261 262 50c 50d 581 13c0 13f3 1d83 a4d6 ab90',
  h: '29c 397 41d 43d 4ba 4bb 570 13bb 13c2 157c 2c8e 2c8f a4e7 ab8b 102cf',
  i: '131 196 269 26a 37a 399 3b9 406 456 4c0 4cf 13a5 2373 a4f2 a647 ab75 2c92 2c93 118c3',
  j: '237 37f 3f3 408 458 575 13ab 148d 1d0a a4d9 a7b2 ab7b',
  k: '138 39a 3ba 41a 43a 13e6 16d5 1d0b 2c94 2c95 a4d7 abb6 10518',
  l: '1c0 29f 53c 5c0 5d5 5df 627 661 6f1 7ca 13de 14aa 16c1 2223 2502 2cd0 2cd1 2d4f a4e1 abae 1028a 10309 10320 1041b 10526 118a3 16f16 16f28',
  m: '39c 3fa 41c 43c 13b7 15f0 16d6 1d0d 2c98 2c99 a4df ab87 102b0 10311',
  n: '274 39d 3b7 43f 578 57c 1d28 2c9a 2c9b a4e0 10513',
  o: '39f 3bf 3c3 41e 43e 555 585 5e1 647 665 6be 6c1 6d5 6f5 7c0 966 a66 ae6 b20 b66 be6 c66 ce6 d20 d66 e50 ed0 101d 1040 10ff 12d0 1d0f 1d11 2c9e 2c9f 2d54 3007 a4f3 ab3d 10292 102ab 10404 1042c 104c2 104ea 10516 114d0 118b5 118c8 118d7 118e0',
  p: '3a1 3c1 420 440 13e2 146d 1d18 2374 2ca2 2ca3 a4d1 abb2 10295',
  q: '51a 51b 563 566 2d55',
  r: '1a6 280 433 13a1 13d2 1587 1d26 2c85 a4e3 ab47 ab48 ab71 ab81 aba2 104b4 16f35',
  s: '1bd 405 455 54f 13d5 13da a4e2 a731 abaa 10296 10420 10448 118c1 16f3a',
  t: '3a4 3c4 422 442 13a2 1d1b 22a4 27d9 2ca6 2ca7 a4d4 ab72 10297 102b1 10315 118bc 16f0a',
  u: '28b 3c5 54d 57d 1200 144c 1d1c 222a 22c3 a4f4 a79f ab4e ab52 104ce 104f6 118b8 118d8 16f42',
  v: '3bd 474 475 5d8 667 6f7 13d9 142f 1d20 2228 22c1 2d38 a4e6 aba9 1051d 11706 118a0 118c0 16f08',
  w: '26f 3c9 460 461 51c 51d 561 13b3 13d4 1d21 a4ea ab83 1170a 1170e 1170f 118e6 118ef',
  x: 'd7 3a7 3c7 425 445 1541 157d 166d 166e 16b7 2573 292b 292c 2a2f 2cac 2cad 2d5d a4eb a7b3 ab53 ab55 10290 102b4 10317 10322 10527 118ec',
  y: '263 28f 3a5 3b3 423 443 4ae 4af 10e7 13a9 13bd 1d8c 1eff 2ca8 2ca9 a4ec ab5a 102b2 118a4 118dc 16f43',
  z: '396 13c3 1d22 a4dc ab93 102f5 118c4 118e5',
  2: '1a7 3e8 14bf a644 a6ef a75a',
  3: '1b7 21c 417 437 4e0 2ccc a76a 118ca',
  4: '13ce 118af',
  5: '1bc 118bb',
  6: '431 13ee 2cd2 118d5',
  7: '104d2 118c6',
  8: '222 223 9ea a6a b03 1031a',
  9: '9ed a67 b68 d6d 2cca a76e 118ac 118cc 118d6',
};

/** The same for punctuation that separates the parts of paths, hosts, commands and names. */
const PUNCTUATION: Readonly<Record<string, string>> = {
  '.': '660 6f0 701 702 2024 a4f8 a60e 10a50',
  '/': '1735 2044 2215 2571 27cb 29f8 2cc6 3033',
  '\\': '2216 27cd 29f5 29f9',
  ':': '589 5c3 703 704 16ec 1803 1809 205a 2236 a4fd a789',
  '-': '2d7 6d4 2010 2011 2012 2043 2212 2796 2cba',
  _: '7fa 203f 2040 2054',
  ';': '37e',
  ',': '60d 66b 201a a4f9',
};

const GLYPHS: ReadonlyMap<string, string> = tableOf(LOOKALIKES);
const SEPARATORS: ReadonlyMap<string, string> = tableOf(PUNCTUATION);

/** The ASCII letter or digit that this one character passes for; a capital for a capital. */
export function lookalikeOf(char: string): string | undefined {
  const glyph = GLYPHS.get(char);
  return glyph !== undefined && /\p{Lu}/u.test(char) ? glyph.toUpperCase() : glyph;
}

/** The ASCII punctuation that this one character passes for. */
export function separatorLike(char: string): string | undefined {
  return SEPARATORS.get(char);
}

function tableOf(rows: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const table = new Map<string, string>();
  for (const [ascii, points] of Object.entries(rows)) {
    for (const point of points.split(' ')) table.set(String.fromCodePoint(Number.parseInt(point, 16)), ascii);
  }
  return table;
}
