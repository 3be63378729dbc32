/* The bundled tokenizer with one of the bundled templates, and with its control tokens. */
import { ChatTokenizer } from "./tokenizer.js";

export const bundledTokenizer = (format, json, config) => {
  const added = [...json.added_tokens];
  const known = new Set(added.map(({ content }) => content));
  let id = Object.keys(json.model.vocab).length;
  const flags = { lstrip: false, rstrip: false, normalized: false, single_word: false };
  const add = (special) => (content) => {
    if (!known.has(content)) added.push({ id: id++, content, special, ...flags });
  };
  format.control_tokens.forEach(add(true));
  format.other_tokens.forEach(add(false));
  const { bos_token, eos_token } = format;
  return new ChatTokenizer(
    { ...json, added_tokens: added },
    { ...config, bos_token, eos_token },
    format.template,
  );
};
