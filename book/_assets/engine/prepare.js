/* The six steps composed, as `chatshift.prepare` does it. */
import { removePrefix } from "./python.js";
import { ChatTemplate } from "./chat_template.js";
import { detailsOf } from "./details.js";
import { cutsOf, idsOf, tokenize } from "./encoder.js";
import { checkConversation, checkMessages, withoutWeights } from "./messages.js";
import { Resolver, confirm } from "./phase_two.js";
import { Rule, controlTokensOf } from "./rule.js";
import { LabelError, SettingsError, TemplateError, say, tables } from "./words.js";
import { repr } from "./python.js";

export const DEFAULTS = {
  supervise: "last",
  boundary: "prompt",
  strip_bos: false,
  mask_tail: false,
  control_tokens: "error",
  stop_tokens: [],
  template_kwargs: {},
};

const checkSettings = (given) => {
  const settings = { ...DEFAULTS, ...given };
  for (const [name, allowed] of Object.entries(tables.ALLOWED)) {
    if (!allowed.includes(settings[name])) {
      throw new SettingsError(say("settings.__post_init__.0", name, settings[name], repr(allowed)));
    }
  }
  return settings;
};

const rules = new WeakMap();
/* One rule for all rows that share the tokenizer, its template and the settings. */
const ruleFor = (tokenizer, settings, tools) => {
  if (!rules.has(tokenizer)) rules.set(tokenizer, new Map());
  const known = rules.get(tokenizer);
  const key = JSON.stringify([tokenizer.templates, settings, tools]);
  if (!known.has(key)) {
    if (known.size > 20) known.clear();
    known.set(key, new Rule(tokenizer, settings, tools));
  }
  return known.get(key);
};

/* All values of the six steps, or what refuses the conversation. */
export const prepare = (messages, tokenizer, { tools = null, ...given } = {}) => {
  const settings = checkSettings(given);
  controlTokensOf(tokenizer, settings);
  checkConversation(messages, settings.supervise);
  const bosToStrip = settings.strip_bos ? tokenizer.bos : "";
  const plain = new ChatTemplate(tokenizer, { tools, kwargs: settings.template_kwargs });
  const full = plain.render(withoutWeights(checkMessages(messages)));
  const rule = ruleFor(tokenizer, settings, tools);
  const spans = rule.spans(messages, removePrefix(full, bosToStrip));
  const text = removePrefix(full, bosToStrip);
  const ids = tokenize(text, tokenizer, cutsOf(spans.text));
  const row = rowOf(spans, ids, tokenizer, rule);
  const details = detailsOf(spans, row, rule, tokenizer);
  return traceOf(messages, text, row, details, promptText(rule, messages, details));
};

const rowOf = (spans, ids, tokenizer, rule) => {
  const found = confirm(spans, ids, tokenizer, rule.tokens);
  if (found) return found;
  const again = idsOf(spans.text, tokenizer);
  const resolver = new Resolver(spans, again, tokenizer, rule.tokens);
  return resolver.resolve(rule.settings.boundary === "prompt");
};

/* Step 2's text; empty where the template refuses to open an answer there. */
const promptText = (rule, messages, { turns }) => {
  const checked = withoutWeights(checkMessages(messages.slice(0, turns.at(-1).message + 1)));
  try {
    return rule.template.render(checked.slice(0, -1), true);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return "";
  }
};

const traceOf = (messages, fullText, row, details, prompt) => {
  const { ids, turns } = row;
  const last = details.turns.at(-1);
  const fits = prompt && fullText.startsWith(prompt);
  const masked = ids.map((id, i) =>
    turns.some(([start, stop]) => start <= i && i < stop) ? id : tables.IGNORE_INDEX,
  );
  if (ids.length < 2) throw new LabelError(say("shift.shift.1", ids.length));
  return {
    full_text: fullText,
    prompt_text: fits ? prompt : details.pieces.slice(0, last.start).join(""),
    full_ids: ids,
    prompt_ids: ids.slice(0, last.start),
    unmasked_labels: [...ids],
    masked_labels: masked,
    input_ids: ids.slice(0, -1),
    labels: masked.slice(1),
    ...details,
  };
};
