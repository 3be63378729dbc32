/* How far into a text each of its tokens reaches. The library gives ids alone; this finds it out.

   A token's name says how many bytes of the normalized text it holds; the bytes lead to characters,
   and these to the text as it was given. Where the bytes do not add up, nothing is guessed. */
import { PageError } from "./words.js";

const BYTE = /^<0x[0-9A-F]{2}>$/;
const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu;
const bytesIn = (character) => {
  const code = character.codePointAt(0);
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
};
const sizeOf = (text) => Array.from(text).reduce((sum, character) => sum + bytesIn(character), 0);

/* Where each character of a normalized text ends in the text that was normalized. */
export const endsOfNormalized = (text, normalized, normalize) => {
  const characters = Array.from(normalized);
  if (text.length === normalized.length) {
    let end = 0;
    return characters.map((character) => (end += character.length));
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

const endsInCluster = (cluster, changed) => {
  const given = Array.from(cluster);
  const parts = Array.from(changed);
  const ends = [];
  let end = 0;
  for (const character of given) ends.push((end += character.length));
  // Characters that became one stand where the first of them stood.
  return parts.map((_, i) => ends[Math.min(i, ends.length - 1)]);
};

/* What the normalizer puts in front of every text. */
const prefixOf = (normalize) => {
  const [one, two] = [normalize("x"), normalize("xx")];
  return one.endsWith("x") && two === `${one}x` ? one.slice(0, -1) : "";
};

/* How many bytes of the normalized text each token holds. */
const sizes = (tokens, isByteLevel) =>
  tokens.map((token) => {
    if (isByteLevel) return Array.from(token).length;
    return BYTE.test(token) ? 1 : sizeOf(token);
  });

/* How far each token reaches. `lead`: a space may stand in front that the text does not have. */
export const reach = (tokens, normalized, ends, isByteLevel) => {
  const held = sizes(tokens, isByteLevel);
  const total = held.reduce((sum, size) => sum + size, 0);
  const size = sizeOf(normalized);
  const lead = total - size;
  const mark = isByteLevel ? 1 : 3;
  if (lead !== 0 && lead !== mark) {
    throw new PageError("The tokens of this tokenizer do not add up to its text.");
  }
  const characters = Array.from(normalized);
  const byteEnds = characters.flatMap((c, i) => Array(bytesIn(c)).fill(ends[i]));
  let byte = -lead;
  return held.map((length) => {
    byte += length;
    return byteEnds[Math.max(0, byte - 1)] ?? 0;
  });
};
