/* Both renders of a conversation whose prompt is no prefix of it, to be shown side by side. */
import { ChatTemplate } from "./chat_template.js";
import { reachedOf } from "./encoder.js";
import { checkMessages, withoutWeights } from "./messages.js";
import { ChatshiftError } from "./words.js";

const side = (name, text, tokenizer) => {
  const ends = [0, ...reachedOf(text, tokenizer)];
  return { name, text, pieces: ends.slice(1).map((end, i) => text.slice(ends[i], end)) };
};

/* The whole conversation, and its last prompt; null where one of them cannot be had. */
export const compared = (messages, tokenizer, { strip_bos, template_kwargs, tools }) => {
  const bosToStrip = strip_bos ? tokenizer.bos : "";
  try {
    const given = { tools, kwargs: template_kwargs, bosToStrip };
    const template = new ChatTemplate(tokenizer, given);
    const checked = withoutWeights(checkMessages(messages));
    const full = template.render(checked);
    return [
      side("the whole conversation", full, tokenizer),
      side("the prompt alone", template.render(checked.slice(0, -1), true), tokenizer),
    ];
  } catch (error) {
    if (!(error instanceof ChatshiftError)) throw error;
    return null;
  }
};
