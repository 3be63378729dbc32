/* What a trace says beside its labels: pieces, turns, notes, and where each token comes from. */
import { reachedOf, unmarked } from "./encoder.js";
import { tables } from "./words.js";

export const detailsOf = (spans, row, rule, tokenizer) => {
  const { finder, tokens } = rule;
  const borders = [0, ...reachedOf(spans.text, tokenizer)];
  const text = unmarked(spans.text);
  borders[borders.length - 1] = text.length;
  const pieces = row.ids.map((_, i) => text.slice(borders[i], borders[i + 1]));
  const bounds = boundsOf(row, spans, tokens, finder.format.ends);
  const turns = bounds.map(({ message, start, endFrom, end, stop }) => ({
    message,
    start,
    end: end > endFrom ? end - 1 : null,
    stop,
  }));
  const isLast = bounds.at(-1).message === spans.row.messages.length - 1;
  const origins = originsOf(pieces, bounds, saidSpans(spans.row), isLast);
  return { pieces, turns, notes: notesOf(row, bounds), origins };
};

const boundsOf = ({ ids, turns }, spans, tokens, ends) => {
  const control = [...ids.keys()].filter((i) => tokens.ids.has(ids[i]));
  const aligned = control.length === spans.control.length;
  return spans.borders.map((border, i) => {
    const [start, stop] = turns[i];
    const end = border.end >= 0 && aligned ? control[border.end] + 1 : start;
    let endFrom = end;
    while (endFrom > start && ends.has(ids[endFrom - 1])) endFrom--;
    return { message: border.message, start, endFrom, end, stop };
  });
};

/* The notes with their positions, in the order of the messages. */
const notesOf = (row, bounds) => {
  const seen = new Set();
  const notes = row.findings.map(({ name, message, text }) => {
    const turn = bounds.find((one) => one.message === message);
    const places = turn && { start: turn.start, end: turn.end, last: turn.stop - 1 };
    return { name, message, position: places ? places[tables.NOTES[name].at] : 0, text };
  });
  return notes
    .filter((note) => {
      const key = JSON.stringify(note);
      return !seen.has(key) && seen.add(key);
    })
    .sort((one, other) => one.message - other.message || one.position - other.position);
};

/* Where what the messages say stands, and its kind. */
const saidSpans = (row) => {
  if (!row.edges) return [];
  const plain = (character) => unmarked(row.text.slice(0, character)).length;
  return row.frame.parts.map(({ kind }, i) => ({
    start: plain(row.edges[i][1]),
    end: plain(row.edges[i + 1][0]),
    kind,
  }));
};

const originsOf = (pieces, bounds, said, endsWithAnswer) => {
  const last = bounds.at(-1).stop;
  const origins = pieces.map((_, i) => (i >= last && endsWithAnswer ? "tail" : "prompt"));
  const borders = [0];
  for (const piece of pieces) borders.push(borders.at(-1) + piece.length);
  for (const { start, endFrom, end: endTo, stop } of bounds) {
    for (let position = start; position < stop; position++) {
      if (endFrom <= position && position < endTo) origins[position] = "end";
      else if (endFrom < endTo && endTo <= position) origins[position] = "tail";
      else {
        const begin = borders[position];
        const end = Math.max(borders[position + 1], begin + 1);
        const nearest = said.findLast((one) => one.start < end);
        origins[position] = nearest && nearest.end > begin ? nearest.kind : "template";
        // More bytes of one character.
        if (position > start && !pieces[position]) origins[position] = origins[position - 1];
      }
    }
  }
  return origins;
};
