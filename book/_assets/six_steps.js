/* The six steps in the browser, for the playground.

   Two libraries do the template and the tokenizer; this file does the steps, and refuses what the
   Python package refuses, in the same words. A test feeds many conversations to both. */
import { Template } from "./vendor/huggingface/jinja.js";
import { Tokenizer } from "./vendor/huggingface/tokenizers.mjs";

export const IGNORE_INDEX = -100;
export const ROLES = ["system", "developer", "user", "assistant", "tool"];

export class ChatshiftError extends Error {
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}
const refuse = (type, ...lines) => {
  throw new ChatshiftError(type, lines.join(""));
};

/* Python counts characters, JavaScript counts halves of them: work on arrays of characters. */
const characters = (text) => Array.from(text);
const slice = (text, start, end) => characters(text).slice(start, end).join("");
const strip = (text) => {
  const space = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
  return text.replace(new RegExp(`^${space}+|${space}+$`, "g"), "");
};

/* A text as Python's repr writes it. */
export const repr = (text) => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const names = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", [quote]: `\\${quote}` };
  const written = characters(text).map((character) => {
    if (names[character]) return names[character];
    if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
    const code = character.codePointAt(0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
  return quote + written.join("") + quote;
};

const RENAMED = { human: "user", gpt: "assistant", model: "assistant", bot: "assistant" };

const checkMessages = (messages) => {
  if (!messages.length) {
    refuse(
      "MessageError",
      "There are no messages. Pass at least one user message and an answer.",
    );
  }
  messages.forEach(({ role, content }, index) => {
    if (!ROLES.includes(role)) {
      const hint = RENAMED[role]
        ? ` In this format ${repr(role)} is ${repr(RENAMED[role])}.`
        : "";
      refuse(
        "MessageError",
        `messages[${index}] has the role ${repr(role)}; `,
        `known are [${ROLES.map(repr).join(", ")}].${hint}`,
      );
    }
    const lone = characters(content).findIndex((character) => /\p{Cs}/u.test(character));
    if (lone >= 0) {
      refuse(
        "MessageError",
        `messages[${index}] (${repr(role)}) has ${repr(characters(content)[lone])} at character `,
        `${lone}: half of a surrogate pair, which cannot be encoded. `,
        "Repair the text where it was decoded.",
      );
    }
  });
  const last = messages.length - 1;
  if (messages[last].role !== "assistant") {
    refuse(
      "MessageError",
      `messages[${last}] is the last message and its role is ${repr(messages[last].role)}: `,
      "there is no answer to learn from. End the conversation with an assistant message.",
    );
  }
  if (last === 0) {
    refuse(
      "MessageError",
      "The prompt is empty: messages[0] is the answer and nothing comes before it. ",
      "Put at least one user message in front.",
    );
  }
};

const checkControlTokens = (messages, format) => {
  messages.forEach(({ role, content }, index) => {
    const found = [...format.controlTokens.keys()]
      .filter((text) => content.includes(text))
      .map((text) => ({ text, position: characters(content.split(text)[0]).length }))
      .sort((a, b) => a.position - b.position || b.text.length - a.text.length);
    if (!found.length) return;
    const { text, position } = found[0];
    const around = slice(content, Math.max(0, position - 20), position + text.length + 20);
    refuse(
      "MessageError",
      `messages[${index}] (${repr(role)}) contains ${repr(text)} at character ${position}: `,
      `${repr(around)}. The tokenizer would make it the control token `,
      `${format.controlTokens.get(text)}, not text. Remove it from the content, or pass `,
      "control_tokens='text' to keep it as ordinary text, or control_tokens='allow' if it is meant.",
    );
  });
};

/* One of the bundled formats, ready to render and to tokenize. */
export const makeFormat = (description, tokenizerJson, config) => {
  const added = tokenizerJson.added_tokens.map(({ id, content, special }) => ({
    id,
    content,
    special,
  }));
  let next = Object.keys(tokenizerJson.model.vocab).length;
  for (const content of description.control_tokens) added.push({ id: next++, content, special: true });
  for (const content of description.other_tokens) added.push({ id: next++, content, special: false });
  const settings = { lstrip: false, rstrip: false, normalized: false, single_word: false };
  const json = {
    ...tokenizerJson,
    added_tokens: added.map((token) => ({ ...token, ...settings })),
  };
  const special = added.filter((token) => token.special);
  return {
    ...description,
    template: new Template(description.template),
    tokenizer: new Tokenizer(json, config),
    controlTokens: new Map(special.map(({ content, id }) => [content, id])),
  };
};

const render = (messages, format, addGenerationPrompt) => {
  try {
    return format.template.render({
      messages,
      add_generation_prompt: addGenerationPrompt,
      ...(format.bos_token && { bos_token: format.bos_token }),
      eos_token: format.eos_token,
    });
  } catch (error) {
    const roles = messages.map(({ role }) => role).join(", ");
    return refuse(
      "TemplateError",
      `The chat template refused these messages (${roles}): ${error.message}`,
    );
  }
};

const stripBos = (text, format) =>
  format.bos_token && text.startsWith(format.bos_token)
    ? text.slice(format.bos_token.length)
    : text;

const tokenize = (text, format) =>
  text ? Array.from(format.tokenizer.encode(text, { add_special_tokens: false }).ids, Number) : [];

const CAUSES = {
  BOS: [
    "only one of the two texts starts with the BOS token.",
    "Let the template write it always or never, or prepare with strip_bos=True.",
  ],
  "system message dropped": [
    "the template writes the system message into only one of the two texts.",
    "Put the instructions into the first user message.",
  ],
  "generation prompt not in the render": [
    "the template opens an answer with text that it does not write before a finished answer.",
    "Pass the template's keywords that switch it off (template_kwargs), or mend the template.",
  ],
  "history rewritten": [
    "the template writes earlier messages differently once later ones are there.",
    "Train on a template that keeps earlier messages as they are, or on one row for each answer (unroll).",
  ],
  "BPE merge": [
    "a token reaches across the boundary: the end of the prompt and the start of the answer " +
      "are merged into one token.",
    "Let the answer start with a character that does not merge, often by removing the white " +
      "space at its start.",
  ],
};

const likelyCause = (messages, format, fullText, promptText) => {
  const bos = format.bos_token;
  if (bos && fullText.startsWith(bos) !== promptText.startsWith(bos)) return "BOS";
  const dropped = messages
    .filter(({ role }) => role === "system" || role === "developer")
    .some(({ content }) => {
      const text = strip(content);
      return fullText.includes(text) !== promptText.includes(text);
    });
  if (dropped) return "system message dropped";
  let history = render(messages.slice(0, -1), format, false);
  if (bos && !fullText.startsWith(bos)) history = stripBos(history, format);
  return fullText.startsWith(history) && promptText.startsWith(history)
    ? "generation prompt not in the render"
    : "history rewritten";
};

const commonLength = (one, other) => {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one[length] === other[length]) length++;
  return length;
};

const proveBoundary = (messages, format, full, prompt) => {
  const last = messages[messages.length - 1];
  const standIn = [...messages.slice(0, -1), { ...last, content: `${last.content}stand-in` }];
  if (render(standIn, format, false) === render(messages, format, false)) {
    refuse(
      "TemplateError",
      `The template does not render the answer, messages[${messages.length - 1}]: `,
      `${slice(repr(last.content), 0, 60)}. A model cannot learn what is not in its text; use a `,
      "template that writes assistant messages.",
    );
  }
  if (!prompt.ids.length) {
    refuse(
      "TemplateError",
      `The template wrote no prompt for ${messages.length - 1} messages: ${repr(prompt.text)}. `,
      "There is nothing to predict the answer from.",
    );
  }
  const textFits = full.text.startsWith(prompt.text);
  const position = commonLength(full.ids, prompt.ids);
  if (textFits && position === prompt.ids.length) return prompt.ids.length;
  const cause = textFits ? "BPE merge" : likelyCause(messages, format, full.text, prompt.text);
  const character = commonLength(characters(full.text), characters(prompt.text));
  const what = textFits
    ? "its prompt is a prefix of the full text, but its ids are no prefix of the full ids"
    : `its prompt is no prefix of the full text: they differ from character ${character} on`;
  const token = ({ ids }) =>
    position < ids.length
      ? `token ${ids[position]} ${repr(format.tokenizer.id_to_token(ids[position]))}`
      : "no token";
  const tail = ({ text }) =>
    `${repr(slice(text, Math.max(0, character - 24), character))} + ` +
    `${repr(slice(text, character, character + 24))}`;
  const [meaning, remedy] = CAUSES[cause];
  return refuse(
    "BoundaryError",
    `messages[${messages.length - 1}]: ${what}. First differing token: ${position}.\n`,
    `  prompt: ${token(prompt)}; ${tail(prompt)}\n`,
    `  full:   ${token(full)}; ${tail(full)}\n`,
    `Likely cause (${cause}): ${meaning}\n`,
    `What to do: ${remedy} Or pass boundary='answer', which learns the answer where it stands.`,
  );
};

const pieceOf = (id, format) => {
  const text = format.tokenizer.decode([id], { skip_special_tokens: false });
  return !text || text.includes("\ufffd") ? format.tokenizer.id_to_token(id) : text;
};

/* One piece a token. Of a character in bytes, the first byte's token holds it, the others nothing. */
const piecesOf = (ids, format) => {
  const pieces = ids.map((id) => pieceOf(id, format));
  const bytes = ids.map((id) => /^<0x([0-9A-F]{2})>$/.exec(format.tokenizer.id_to_token(id)));
  for (let i = 0; i < ids.length; ) {
    let stop = i;
    while (stop < ids.length && bytes[stop]) stop += 1;
    const run = Uint8Array.from(bytes.slice(i, stop), (found) => parseInt(found[1], 16));
    for (const character of new TextDecoder().decode(run)) {
      const width = new TextEncoder().encode(character).length;
      pieces.fill("", i, i + width);
      pieces[i] = character;
      i += width;
    }
    i = stop + 1;
  }
  return pieces;
};

/* All six steps. Returns every value on the way, or throws a ChatshiftError. */
export const prepare = (messages, format, { withoutBos = false } = {}) => {
  checkMessages(messages);
  checkControlTokens(messages, format);
  const text = (someMessages, addGenerationPrompt) => {
    const rendered = render(someMessages, format, addGenerationPrompt);
    return withoutBos ? stripBos(rendered, format) : rendered;
  };
  const fullText = text(messages, false);
  const promptText = text(messages.slice(0, -1), true);
  const fullIds = tokenize(fullText, format);
  const promptIds = tokenize(promptText, format);
  const promptLength = proveBoundary(
    messages,
    format,
    { text: fullText, ids: fullIds },
    { text: promptText, ids: promptIds },
  );
  const unmaskedLabels = [...fullIds];
  const maskedLabels = unmaskedLabels.map((id, i) => (i < promptLength ? IGNORE_INDEX : id));
  if (promptLength >= maskedLabels.length) {
    refuse(
      "LabelError",
      `prompt_length is ${promptLength} and there are ${maskedLabels.length} labels: all of them `,
      "would be masked, and nothing is left to learn from. Is the answer cut off?",
    );
  }
  return {
    full_text: fullText,
    prompt_text: promptText,
    full_ids: fullIds,
    prompt_ids: promptIds,
    unmasked_labels: unmaskedLabels,
    masked_labels: maskedLabels,
    input_ids: fullIds.slice(0, -1),
    labels: maskedLabels.slice(1),
    pieces: piecesOf(fullIds, format),
  };
};
