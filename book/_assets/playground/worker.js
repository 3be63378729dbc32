/* What runs beside the page, so that it never waits: tokenizers, templates, the rule, the model. */
import { bundledTokenizer } from "../engine/bundled.js";
import { isDict, repr, typeName } from "../engine/python.js";
import { prepare } from "../engine/prepare.js";
import { ChatTokenizer } from "../engine/tokenizer.js";
import { ChatshiftError, PageError, SettingsError, say, setWords } from "../engine/words.js";
import { compared } from "../engine/compared.js";
import { readJson, rowsIn } from "./file_rows.js";
import { readRow } from "./rows.js";
import { lossesOf, readWeights } from "./tiny.js";

/* What looks like a control token in the source of a template that comes alone. */
const CONTROL =
  /<\|[^<>|\s]{1,40}\|?>|<[a-z_]{1,30}\|>|<\/?s>|<(?:start|end)_of_turn>|<(?:bos|eos)>|\[\/?[A-Z_]{2,20}\]/g;
let bundled;
let own;
let model;
const made = new Map();

/* The tokenizer of a format, or of a template that stands for itself on the book's vocabulary. */
const bookTokenizer = ({ format, template }) => {
  const key = template ? JSON.stringify(template) : format;
  if (!made.has(key)) {
    if (made.size > 20) made.clear();
    const { formats, json, config } = bundled;
    if (!template && !Object.hasOwn(formats, format)) {
      throw new PageError(`There is no format ${repr(format)}.`);
    }
    const described = template ? describe(template, json) : formats[format];
    made.set(key, bundledTokenizer(described, json, config));
  }
  return made.get(key);
};

const describe = ({ text, special, control }, json) => {
  const known = new Set(json.added_tokens.map(({ content }) => content));
  const found = control ?? [...new Set(text.match(CONTROL))];
  const { bos_token = "<bos>", eos_token = "<eos>" } = special ?? {};
  const all = [...new Set([...found, bos_token, eos_token])].filter(
    (one) => one && !known.has(one),
  );
  return { template: text, control_tokens: all, other_tokens: [], bos_token, eos_token };
};

const tokenizerOf = (state) => {
  if (!state.own) return bookTokenizer(state);
  own.setTemplate(state.template?.text);
  return own;
};

/* What a link can carry of a dropped tokenizer: its template, and the tokens that this writes. */
const shareable = (state, tokenizer) => {
  if (!state.own) return state.template;
  const text = tokenizer.templateFor(null);
  const special = tokenizer.specialTokens;
  const control = tokenizer.added
    .filter(({ content, special: marked }) => marked && text.includes(content))
    .map(({ content }) => content);
  return { text, special, control };
};

const optional = (text, what) => (text?.trim() ? readJson(text, what) : null);
const messagesOf = (state) =>
  state.messages.map((message, index) =>
    Object.hasOwn(message, "json") ? readJson(message.json, `messages[${index}]`) : message,
  );

const kwargsOf = (state) => {
  const given = optional(state.kwargs, "template_kwargs") ?? {};
  if (isDict(given)) return given;
  throw new ChatshiftError("No JSON", `template_kwargs must be a dict, not ${typeName(given)}.`);
};

const stopsOf = (state) => {
  const given = optional(state.stops, "stop_tokens") ?? [];
  if (Array.isArray(given) && given.every((one) => typeof one === "string")) return given;
  throw new SettingsError(say("settings.of.0", given));
};

const prepared = (state) => {
  const tokenizer = tokenizerOf(state);
  const messages = messagesOf(state);
  const settings = { ...state.settings, tools: optional(state.tools, "tools") };
  settings.template_kwargs = kwargsOf(state);
  settings.stop_tokens = stopsOf(state);
  const share = tokenizer.template ? shareable(state, tokenizer) : null;
  try {
    const trace = prepare(messages, tokenizer, settings);
    return { trace, share, losses: lossesFor(state, trace) };
  } catch (error) {
    if (!(error instanceof ChatshiftError)) throw error;
    const both = error.type === "BoundaryError" ? compared(messages, tokenizer, settings) : null;
    return { error: { type: error.type, message: error.message, cause: error.cause }, both, share };
  }
};

const lossesFor = (state, trace) => {
  if (!model) return null;
  const unknown = trace.full_ids.some((id) => id >= model.size.vocab);
  if (state.own || unknown) return { refused: "vocabulary" };
  if (trace.full_ids.length > 600) return { refused: "length" };
  return { ...lossesOf(model, trace), guess: Math.log(model.size.vocab) };
};

const post = (id, more) => self.postMessage({ id, ...more });

/* The text of a file, with what is known of the progress. */
const textOf = async (file, id) => {
  const decoder = new TextDecoder();
  const reader = file.stream().getReader();
  const parts = [];
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return parts.join("") + decoder.decode();
    parts.push(decoder.decode(value, { stream: true }));
    size += value.length;
    post(id, { progress: { stage: "reading", name: file.name, size, total: file.size } });
  }
};

const load = async ({ tokenizer, config }, id) => {
  const configText = await textOf(config, id);
  const text = await textOf(tokenizer, id);
  post(id, { progress: { stage: "parsing", name: tokenizer.name } });
  const json = JSON.parse(text);
  const settings = JSON.parse(configText);
  if (!json?.model || !Array.isArray(json.added_tokens)) {
    throw new PageError(`${tokenizer.name} is no tokenizer of the library tokenizers.`);
  }
  post(id, { progress: { stage: "building", name: tokenizer.name } });
  own = new ChatTokenizer(json, settings);
  return {
    tokens: own.library.model.vocab.length,
    added: own.added.length,
    hasTemplate: own.template,
  };
};

const HANDLERS = {
  start({ words, ...others }) {
    setWords(words);
    bundled = others;
  },
  prepare: ({ state }) => prepared(state),
  load: (files, id) => load(files, id),
  rows: ({ text, name }) => rowsIn(text, name),
  row: ({ text, name }) => readRow(text, name),
  weights({ head, bytes }) {
    model = readWeights(head, bytes);
  },
};

self.onmessage = async ({ data: { id, kind, ...given } }) => {
  try {
    post(id, { result: await HANDLERS[kind](given, id) });
  } catch (error) {
    const { type = "Error in this page", message } = error;
    const isJson = error instanceof SyntaxError && kind === "load";
    post(id, {
      failed: { type: isJson ? "No JSON" : type, message, known: isJson || Boolean(error.type) },
    });
  }
};
self.postMessage({ ready: true });
