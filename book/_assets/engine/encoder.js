/* Step 3: a text becomes token ids; and how far into the text each of them reaches. */
import { count, findLoneSurrogate } from "./python.js";
import { TokenizeError, say, tables } from "./words.js";

/* The ids of a text, and of nothing else; it is cut where no token may reach across. */
export const tokenize = (text, tokenizer, cuts = []) =>
  read(piecesAt(text, cuts), tokenizer).flatMap(({ ids }) => ids);

const piecesAt = (text, cuts) => {
  const position = findLoneSurrogate(text);
  if (position >= 0) {
    throw new TokenizeError(say("tokens.tokenize.1", text[position], count(text, position)));
  }
  const borders = [0, ...cuts, text.length];
  return borders.slice(1).map((border, i) => text.slice(borders[i], border));
};

/* Some tokenizers put a space in front of what they believe to be a text's start: the later pieces
   of a text that is cut are read after a character that is taken off again. */
const read = (pieces, tokenizer) =>
  pieces.map((piece, number) => {
    const { ANCHOR } = tables;
    if (number === 0) return tokenizer.encode(piece);
    const { ids, ends } = tokenizer.encode(ANCHOR + piece);
    const dropped = ends.filter((end) => end <= ANCHOR.length).length;
    const alone = tokenizer.encode(ANCHOR).ids;
    const standsApart = dropped === alone.length && alone.every((id, i) => id === ids[i]);
    if (!standsApart) return tokenizer.encode(piece);
    return { ids: ids.slice(dropped), ends: ends.slice(dropped).map((end) => end - ANCHOR.length) };
  });

/* Where a text is cut at its marks, in characters without them. */
export const cutsOf = (text) => {
  let length = 0;
  return text
    .split(tables.MARK)
    .slice(0, -1)
    .map((piece) => (length += piece.length));
};
export const unmarked = (text) => text.replaceAll(tables.MARK, "");

export const idsOf = (text, tokenizer) => tokenize(unmarked(text), tokenizer, cutsOf(text));

/* How far each token and those before it reach, in characters without marks. */
export const reachedOf = (text, tokenizer) => {
  const pieces = piecesAt(unmarked(text), cutsOf(text));
  let before = 0;
  let most = 0;
  return read(pieces, tokenizer).flatMap(({ ends }, i) => {
    const found = ends.map((end) => (most = Math.max(most, before + end)));
    before += pieces[i].length;
    return found;
  });
};
