/* Phase 1, in characters: the rule for a turn, for one template and one way to learn. */
import { quote, repr, strip } from "./python.js";
import { dumps } from "./python_json.js";
import { ChatTemplate, plainTools } from "./chat_template.js";
import { ControlTokens } from "./control_tokens.js";
import { checkCoverage, checkWords } from "./coverage.js";
import { matchFrames } from "./frame.js";
import { checkConversation, withoutWeights } from "./messages.js";
import { bordersOf } from "./phase_two.js";
import { Rendered } from "./rendered.js";
import { checkContents, checkGiven, checkJoined, checkUnmarked, keepAsText } from "./smuggled.js";
import { marksFor } from "./stand_ins.js";
import { TurnFinder } from "./turns.js";
import { readTurnFormat } from "./turn_format.js";
import { checkKeys } from "./unread.js";
import { SettingsError, finding, say } from "./words.js";

/* The control tokens of a tokenizer and those at which generation stops. */
export const controlTokensOf = (tokenizer, settings) => {
  const known = new Set(tokenizer.added.map(({ content }) => content));
  const unknown = settings.stop_tokens.find((stop) => !known.has(stop));
  if (unknown !== undefined) throw new SettingsError(say("supervision.__init__.0", unknown));
  const tokens = ControlTokens.of(tokenizer, settings.stop_tokens);
  const ends = [tokenizer.eos, ...settings.stop_tokens].filter((stop) => tokens.has(stop));
  return [tokens, new Set(ends.map((stop) => tokens.get(stop)))];
};

/* The turn format; tools do not change it, unless the template writes nothing without them or is
   there for tools alone. */
const formatOf = (tokenizer, settings, tools, tokens, stops) => {
  const { tools: inKwargs, ...kwargs } = settings.template_kwargs;
  const found = readTurnFormat(new ChatTemplate(tokenizer, { kwargs }), tokens, stops);
  const given = inKwargs ?? tools;
  if (!given?.length || (found.isKnown && !tokenizer.hasNamedTemplates)) return found;
  return readTurnFormat(new ChatTemplate(tokenizer, { kwargs, tools: given }), tokens, stops);
};

export class Rule {
  constructor(tokenizer, settings, tools) {
    const [tokens, stops] = controlTokensOf(tokenizer, settings);
    const given = plainTools(tools);
    const bosToStrip = settings.strip_bos ? tokenizer.bos : "";
    const kwargs = settings.template_kwargs;
    Object.assign(this, { settings, tokens });
    this.template = new ChatTemplate(tokenizer, { tools: given, kwargs, bosToStrip });
    const format = formatOf(tokenizer, settings, given, tokens, stops);
    this.finder = new TurnFinder(this.template, tokens, settings, format);
    if (settings.control_tokens !== "allow") checkGiven(this.template, tokens);
  }

  /* A conversation with its turns; raises what refuses it. */
  spans(messages, text) {
    const row = this.rendered(messages, text);
    const control = this.tokens.find(row.text);
    const guarded = this.settings.control_tokens !== "allow";
    if (guarded) checkContents(row, this.tokens);
    const findings = checkCoverage(row, this.tokens, this.finder.format);
    if (!row.matched.exact) findings.push(...checkWords(row));
    findings.push(...checkKeys(row, this.template));
    if (guarded) checkJoined(row, control, this.template, this.tokens);
    const [edges, more] = this.finder.find(row);
    findings.push(...changes(row), ...more);
    const borders = bordersOf(row.text, control, edges, this.tokens.loose);
    return { row, text: row.text, control: control.map(({ id }) => id), borders, findings, edges };
  }

  rendered(messages, given) {
    const { settings, template, tokens } = this;
    const [checked, supervised] = checkConversation(messages, settings.supervise);
    let row = withoutWeights(checked);
    let text = given;
    checkUnmarked(text);
    if (settings.control_tokens === "text") [row, text] = keepAsText(row, text, template, tokens);
    const allowed = settings.control_tokens === "allow";
    const matched = matchFrames(text, row, marksFor(text), template, tokens, allowed);
    return new Rendered(row, supervised, text, matched);
  }
}

/* Notes on content that the template did not write as it is. */
const changes = (row) =>
  row.messages.flatMap(({ content }, k) => {
    const texts = typeof content === "string" ? [content] : content.map(({ text }) => text);
    if (typeof content !== "string") {
      const printed = [repr(content), dumps(content), dumps(content, { ensureAscii: false })];
      const form = printed.find((one) => row.text.includes(one));
      if (form) return [finding("list content printed", k, say("rule.changes.0", quote(form)))];
    }
    const how = row.supervised.includes(k) ? howChanged(row, k, texts) : "";
    if (!how) return [];
    return [finding("answer changed", k, say("rule.changes.2", how, quote(texts.join(""))))];
  });

/* What the template did to an answer's content; nothing where it stands as it is. */
const howChanged = (row, k, texts) => {
  const written = row.saidText(k);
  const parts = row.parts(k);
  if (written === null || parts.every(({ kind }) => kind !== "content")) return "";
  const content = texts.join("");
  const isAlone = parts.length === 1;
  const missing = row.frame.missing(k, parts);
  const kept = parts.filter((part) => !missing.includes(part));
  // But for what a note names as left out.
  if (kept.length === 1 && !isAlone && written === kept[0].text) return "";
  if (isAlone ? written === content : standIn(written, texts)) return "";
  const bare = strip(content);
  const trimmed = isAlone ? written === bare : written.includes(bare);
  const how = say(trimmed ? "rule._how_changed.0" : "rule._how_changed.1");
  return say("rule._how_changed.2", how, quote(written));
};

/* Whether the texts stand as they are in another, one after the other. */
const standIn = (written, texts) => {
  let end = 0;
  return texts.every((text) => {
    const start = written.indexOf(text, end);
    end = start + text.length;
    return start >= 0;
  });
};
