/* What to say where a turn's border cannot be proven: the likely cause, both texts, the way out. */
import { commonLength, count, cut, repr, strip, tail } from "./python.js";
import { BoundaryError, TemplateError, say, tables } from "./words.js";
import { tokenize } from "./encoder.js";

/* The error for a prompt that is no prefix of the text. */
export const noPrefix = (messages, k, text, prompt, template) => {
  const cause = likelyCause(messages, k, text, prompt, template);
  const character = commonLength(text, prompt);
  const what = say("unproven.no_prefix.0", count(text, character));
  return explain(k, what, cause, [text, prompt], character, template.tokenizer);
};

/* The error for a prompt whose ids are no prefix of the ids. */
export const merged = (k, text, character, tokenizer) => {
  const texts = [text, text.slice(0, character)];
  return explain(k, say("unproven.merged.0"), "BPE merge", texts, character, tokenizer);
};

/* The error for an answer that cannot be told from the template's text around it. */
export const notLocated = (k) =>
  new BoundaryError(say("unproven.not_located.0", k), { cause: "answer not located", position: 0 });

const likelyCause = (messages, k, text, prompt, template) => {
  const { bos } = template.tokenizer;
  if (bos && text.startsWith(bos) !== prompt.startsWith(bos)) return "BOS";
  const dropped = messages
    .slice(0, k)
    .filter(
      ({ role, content }) => ["system", "developer"].includes(role) && typeof content === "string",
    )
    .some(({ content }) => text.includes(strip(content)) !== prompt.includes(strip(content)));
  if (dropped) return "system message dropped";
  let history;
  try {
    history = template.render(messages.slice(0, k));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return "history rewritten";
  }
  return text.startsWith(history) && prompt.startsWith(history)
    ? "generation prompt not in the render"
    : "history rewritten";
};

const explain = (k, what, cause, texts, character, tokenizer) => {
  const [full, prompt] = texts.map((text) => tokenize(text, tokenizer));
  const position = commonLength(full, prompt);
  const [meaning, remedy] = tables.CAUSES[cause];
  const message = say(
    "unproven._explain.0",
    k,
    what,
    position,
    token(tokenizer, prompt, position),
    around(texts[1], character),
    token(tokenizer, full, position),
    around(texts[0], character),
    cause,
    meaning,
    remedy,
    tables.WAY_OUT,
  );
  return new BoundaryError(message, { cause, position });
};

const token = (tokenizer, ids, position) => {
  if (position >= ids.length) return "no token";
  return `token ${ids[position]} ${repr(tokenizer.nameOf(ids[position]))}`;
};

/* What stands around a character, quoted. */
const around = (text, character, reach = 24) =>
  `${repr(tail(text.slice(0, character), reach))} + ${repr(cut(text.slice(character), reach))}`;
