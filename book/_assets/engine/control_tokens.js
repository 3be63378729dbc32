/* The control tokens of a tokenizer: what only a template may write. */
import { SPACES } from "./python.js";

// Templates look for tags such as <think> in a content and write the rest accordingly.
const TAG_SOURCE = `(<[^<>${SPACES}]{1,40}>|\\[/?[A-Z_]{2,20}\\])`;
export const splitTags = (text) => text.split(new RegExp(TAG_SOURCE, "u"));
const tagSpans = (text) =>
  [...text.matchAll(new RegExp(TAG_SOURCE, "gu"))].map((tag) => [
    tag.index,
    tag.index + tag[0].length,
  ]);

/* Text and id of added tokens, found in texts as the tokenizer finds them. */
export class AddedTokens extends Map {
  get lengths() {
    if (!this.byFirst) {
      this.byFirst = new Map();
      for (const text of this.keys()) {
        const first = String.fromCodePoint(text.codePointAt(0));
        if (!this.byFirst.has(first)) this.byFirst.set(first, new Set());
        this.byFirst.get(first).add(text.length);
      }
      for (const [first, found] of this.byFirst) {
        this.byFirst.set(
          first,
          [...found].sort((a, b) => b - a),
        );
      }
    }
    return this.byFirst;
  }

  find(text) {
    const { lengths } = this;
    const found = [];
    for (let start = 0; start < text.length;) {
      const first = String.fromCodePoint(text.codePointAt(start));
      const sizes = lengths.get(first) ?? [];
      const pieces = sizes.map((size) => text.slice(start, start + size));
      const piece = pieces.find((one) => this.has(one));
      if (piece) found.push({ start, end: start + piece.length, id: this.get(piece) });
      start += piece?.length ?? first.length;
    }
    return found;
  }
}

/* The added tokens that are marked special, and the tokenizer's own special tokens. */
export class ControlTokens extends AddedTokens {
  static get [Symbol.species]() {
    return Map;
  }

  static of(tokenizer, stops = []) {
    const made = new ControlTokens();
    const named = new Set([...Object.values(tokenizer.specialTokens), ...stops]);
    made.unknown = tokenizer.unknown;
    made.added = new AddedTokens();
    made.loose = new Set();
    for (const { id, content, special, lstrip, single_word, normalized } of tokenizer.added) {
      made.added.set(content, id);
      if (lstrip || single_word || normalized) made.loose.add(id);
      if ((special || named.has(content)) && content !== made.unknown) made.set(content, id);
    }
    made.ids = new Set(made.values());
    return made;
  }

  /* Where the added tokens and the tags of a text stand: none is ever cut in two. */
  wholeIn(text) {
    return [...this.added.find(text).map(({ start, end }) => [start, end]), ...tagSpans(text)];
  }

  idsIn(text) {
    return this.find(text).map(({ id }) => id);
  }
}
