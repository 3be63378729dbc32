/* A tokenizer as the package sees one: its template, its special tokens, ids and how far they reach. */
import { Tokenizer } from "../vendor/huggingface/tokenizers.mjs";
import { endsOfNormalized, reach } from "./alignment.js";
import { repr } from "./python.js";
import { PageError, TemplateError, say, tables } from "./words.js";

const NAMED = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
];
const SECTIONS = 4000;

const textOf = (token) =>
  (typeof token === "object" && token !== null ? token.content : token) ?? undefined;

/* The named special tokens, as a template sees them. */
const specialTokensOf = (config) => {
  const className = (config.tokenizer_class ?? "").replace(/Fast$/, "");
  const extra = config.extra_special_tokens;
  const { CLASS_DEFAULTS: known } = tables;
  const own = Object.hasOwn(known, className) ? known[className] : {};
  const found = {};
  for (const name of new Set([...NAMED, ...Object.keys(own)])) {
    const given = Object.hasOwn(config, name) ? config[name] : own[name];
    if (textOf(given) !== undefined) found[name] = textOf(given);
  }
  for (const [name, value] of Object.entries(config)) {
    if (
      /_token$/.test(name) &&
      !NAMED.includes(name) &&
      textOf(value) &&
      typeof textOf(value) === "string"
    ) {
      found[name] = textOf(value);
    }
  }
  const named = extra && !Array.isArray(extra) ? extra : {};
  for (const [name, value] of Object.entries(named)) found[name] = textOf(value);
  return found;
};
/* The added tokens; a configuration may name more of them, and say otherwise about some. */
const addedTokensOf = (json, config) => {
  const made = new Map(json.added_tokens.map((token) => [token.id, token]));
  for (const [key, token] of Object.entries(config.added_tokens_decoder ?? {})) {
    const id = Number(key);
    made.set(id, { ...made.get(id), ...token, id });
  }
  return [...made.values()].sort((one, other) => one.id - other.id);
};
const listed = (config) => {
  const all = config.extra_special_tokens ?? config.additional_special_tokens ?? [];
  return (Array.isArray(all) ? all : Object.values(all)).map(textOf);
};

/* The chat templates, by name; a single one is the default. */
const templatesOf = (config, given) => {
  if (given) return { default: given };
  const found = config.chat_template;
  if (Array.isArray(found)) return Object.fromEntries(found.map((one) => [one.name, one.template]));
  return found ? { default: found } : {};
};

const holds = (part, type) =>
  part?.type === type ||
  [part?.pretokenizers, part?.normalizers, part?.processors]
    .flat()
    .some((one) => one && holds(one, type));

export class ChatTokenizer {
  constructor(json, config, template) {
    this.config = config;
    const added = addedTokensOf(json, config);
    const settings = { ...config, clean_up_tokenization_spaces: false };
    this.library = new Tokenizer({ ...json, added_tokens: added }, settings);
    this.isByteLevel = holds(json.pre_tokenizer, "ByteLevel");
    this.trims = trimming(json.post_processor);
    this.className = config.tokenizer_class ?? "TokenizersBackend";
    this.specialTokens = specialTokensOf(config);
    this.namedTokens = new Set([...Object.values(this.specialTokens), ...listed(config)]);
    this.added = added.filter(({ content }) => content);
    this.bos = this.specialTokens.bos_token ?? "";
    this.eos = this.specialTokens.eos_token ?? "";
    this.unknown = this.specialTokens.unk_token;
    this.setTemplate(template);
    this.sections = new Map();
    // Some added tokens are found only after the text was normalized.
    this.looksAgain = added.some(({ normalized }) => normalized);
    const single = this.added.filter(({ single_word }) => single_word);
    this.singleWords = single.map(({ content }) => content);
  }

  setTemplate(template) {
    this.templates = templatesOf(this.config, template);
    this.hasNamedTemplates = !template && Array.isArray(this.config.chat_template);
    this.template = Object.keys(this.templates).length > 0;
  }

  /* The template that is used with these tools. */
  templateFor(tools) {
    const { templates } = this;
    if (tools !== null && Object.hasOwn(templates, "tool_use")) return templates.tool_use;
    if (Object.hasOwn(templates, "default")) return templates.default;
    const names = repr(Object.keys(templates).sort());
    throw new TemplateError(
      say(
        "chat_template._writer.0",
        "This model has multiple chat templates with no default specified! Please either pass a chat " +
          "template or the name of the template you wish to use to the `chat_template` argument. " +
          `Available template names are ${names}.`,
      ),
    );
  }

  nameOf(id) {
    return this.library.id_to_token(id);
  }

  /* Ids, and how far into the text each of them reaches. */
  encode(text) {
    const wrong = this.singleWords.find((token) => text.includes(token));
    if (wrong) throw new PageError(`The token ${repr(wrong)} is only one as a word of its own.`);
    const pieces = this.library.splitter_unnormalized.split(text);
    const borders = pieces.map((piece) => piece.length);
    const ids = [];
    const reached = [];
    let begin = 0;
    pieces.forEach((piece, index) => {
      const token = this.library.added_tokens_map.get(piece);
      if (token) {
        ids.push(token.id);
        const after = pieces[index + 1] ?? "";
        const taken = token.rstrip ? after.length - after.trimStart().length : 0;
        reached.push(begin + borders[index] + taken);
      } else {
        const found = this.section(this.trimmed(pieces, index), index);
        ids.push(...found.ids);
        const skipped = this.takenBefore(pieces, index);
        for (const end of found.ends) reached.push(begin + skipped + end);
      }
      begin += borders[index];
    });
    return { ids, ends: reached };
  }

  takenBefore(pieces, index) {
    const token = this.library.added_tokens_map.get(pieces[index - 1]);
    return token?.rstrip ? pieces[index].length - pieces[index].trimStart().length : 0;
  }

  /* A text between added tokens, without the white space that these take along. */
  trimmed(pieces, index) {
    const after = this.library.added_tokens_map.get(pieces[index + 1]);
    const text = pieces[index].slice(this.takenBefore(pieces, index));
    return after?.lstrip ? text.trimEnd() : text;
  }

  section(text, index) {
    const key = `${index === 0}${text}`;
    const known = this.sections.get(key);
    if (known) return known;
    if (this.sections.size > SECTIONS) this.sections.clear();
    const made = text ? this.tokenized(text, index) : { ids: [], ends: [] };
    this.sections.set(key, made);
    return made;
  }

  tokenized(text, index) {
    const { normalizer, splitter_normalized: splitter, added_tokens_map: added } = this.library;
    const normalize = (one) => (normalizer ? normalizer(one) : one);
    const normalized = normalize(text);
    const ends = endsOfNormalized(text, normalized, normalize);
    const made = { ids: [], ends: [] };
    let at = 0;
    for (const piece of splitter.split(normalized)) {
      const next = at + Array.from(piece).length;
      const token = this.looksAgain ? added.get(piece) : undefined;
      const found = token
        ? { ids: [token.id], ends: [ends[next - 1]] }
        : this.modelled(piece, ends.slice(at, next), index);
      made.ids.push(...found.ids);
      made.ends.push(...found.ends);
      at = next;
    }
    return made;
  }

  /* A normalized text without added tokens; `ends` has one entry for each of its characters. */
  modelled(normalized, ends, index) {
    const { pre_tokenizer: cut, model } = this.library;
    const words = cut ? cut(normalized, { section_index: index }) : [normalized];
    const tokens = model(words);
    const ids = tokens.map((token) => model.tokens_to_ids.get(token) ?? model.unk_token_id);
    const reached = reach(tokens, words, normalized, ends, this.isByteLevel);
    return { ids, ends: this.trims ? this.trimmedEnds(tokens, reached) : reached };
  }

  /* Ends without the spaces at the end of a token, as this post-processor gives them. */
  trimmedEnds(tokens, ends) {
    const isSpace = (c) => c === "Ġ" || /\s/.test(c);
    return tokens.map((token, i) => {
      const characters = Array.from(token);
      const lead = characters.findIndex((c) => !isSpace(c));
      if (lead < 0) return ends[i];
      return ends[i] - (characters.length - 1 - characters.findLastIndex((c) => !isSpace(c)));
    });
  }
}

const trimming = (part) =>
  Boolean(
    (part?.type === "ByteLevel" || part?.type === "RobertaProcessing") && part.trim_offsets,
  ) || Boolean(part?.processors?.some(trimming));
