/* How far into a text each of its tokens reaches. The library gives ids alone; this finds it out.

   A token's name says how many bytes of the normalized text it holds; the bytes lead to characters,
   and these to the text as it was given. Where the bytes do not add up, nothing is guessed. */
import { PageError } from "./words.js";

const BYTE = /^<0x[0-9A-F]{2}>$/;
// What may become one character: a letter with its marks, and the parts of a Korean syllable.
const CLUSTER =
  /[\u1100-\u115f][\u1160-\u11a7]*[\u11a8-\u11ff]*|[\uac00-\ud7a3][\u11a8-\u11ff]?|\P{M}\p{M}*|\p{M}+/gu;
const bytesIn = (character) => {
  const code = character.codePointAt(0);
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
};
const sizeOf = (text) => Array.from(text).reduce((sum, character) => sum + bytesIn(character), 0);

/* Where each character of a normalized text ends in the text that was normalized. */
export const endsOfNormalized = (text, normalized, normalize) => {
  if (isOneForOne(text, normalized, normalize)) {
    let end = 0;
    return Array.from(text, (character) => (end += character.length));
  }
  const lead = prefixOf(normalize);
  // Of a text that is put in front, the end is that of the first character.
  const ends = Array.from(lead, () => String.fromCodePoint(text.codePointAt(0)).length);
  let made = lead;
  let begin = 0;
  for (const cluster of text.match(CLUSTER)) {
    const changed = normalize(cluster).slice(lead.length);
    ends.push(...endsInCluster(cluster, changed).map((end) => begin + end));
    made += changed;
    begin += cluster.length;
  }
  if (made === normalized) return ends;
  throw new PageError("This tokenizer changes the text in a way that is not followed here.");
};

/* Whether each character became one character. */
const isOneForOne = (text, normalized, normalize) => {
  const [given, made] = [Array.from(text), Array.from(normalized)];
  const known = new Map();
  return (
    given.length === made.length &&
    given.every((character, i) => {
      if (character === made[i]) return true;
      if (!known.has(character)) known.set(character, normalize(character));
      return known.get(character) === made[i];
    })
  );
};

const endsInCluster = (cluster, changed) => {
  const given = Array.from(cluster);
  const parts = Array.from(changed);
  const ends = [];
  let end = 0;
  for (const character of given) ends.push((end += character.length));
  // Characters that became one stand where the first of them stood.
  let at = 0;
  return parts.map((character) => {
    const found = ends[Math.min(at, ends.length - 1)];
    at += given[at] === character ? 1 : Array.from(character.normalize("NFD")).length;
    return found;
  });
};

/* What the normalizer puts in front of every text. */
const prefixOf = (normalize) => {
  const [one, two] = [normalize("x"), normalize("xx")];
  return one.endsWith("x") && two === `${one}x` ? one.slice(0, -1) : "";
};

/* How far each token reaches. `words` are what the tokens were made of: the normalized text in
   pieces, as bytes or with a mark for each space, of which one may stand in front of the text. */
export const reach = (tokens, words, normalized, ends, isByteLevel) => {
  const joined = words.join("");
  const characters = Array.from(isByteLevel ? normalized : joined);
  const size = (text) => (isByteLevel ? Array.from(text).length : sizeOf(text));
  const more = isByteLevel ? size(joined) - sizeOf(normalized) : characters.length - ends.length;
  const held = tokens.map((token) => (BYTE.test(token) && !isByteLevel ? 1 : size(token)));
  if ((more !== 0 && more !== 1) || held.reduce((sum, one) => sum + one, 0) !== size(joined)) {
    throw new PageError("The tokens of this tokenizer do not add up to its text.");
  }
  const byteEnds = more && isByteLevel ? [ends[0]] : [];
  const all = more && !isByteLevel ? [ends[0], ...ends] : ends;
  characters.forEach((character, i) => byteEnds.push(...Array(bytesIn(character)).fill(all[i])));
  let byte = 0;
  return held.map((length) => byteEnds[Math.max(0, (byte += length) - 1)] ?? 0);
};
