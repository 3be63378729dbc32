/* Where each supervised turn starts: at the end of its prompt, which is rendered for this row. */
import { commonLength, quote, removePrefix } from "./python.js";
import { Frame } from "./frame.js";
import { noPrefix, notLocated } from "./unproven.js";
import { TemplateError, finding, say, tables } from "./words.js";

/* The turns whose prompts are rendered: all, or the first, the last and a spread. */
export const provenTurns = (supervised) => {
  const { PROVEN, SAMPLED } = tables;
  if (supervised.length <= PROVEN) return supervised;
  const last = supervised.length - 1;
  return Array.from(
    { length: SAMPLED },
    (_, i) => supervised[Math.floor((i * last) / (SAMPLED - 1))],
  );
};

export class StartFinder {
  constructor(template, tokens, generationPrompt, byPrompt) {
    Object.assign(this, { template, tokens, generationPrompt, byPrompt });
  }

  /* Where each turn starts. */
  find(row, findings) {
    const rendered = new Set(provenTurns(row.supervised));
    const starts = new Map();
    const known = new Map();
    const inOrder = [
      ...row.supervised.filter((k) => rendered.has(k)),
      ...row.supervised.filter((k) => !rendered.has(k)),
    ];
    for (const k of inOrder) {
      const [lead, begin] = row.lead(k);
      if (!rendered.has(k) && known.has(lead)) {
        const [length, isPromptEnd] = known.get(lead);
        starts.set(k, { character: begin + length, isPromptEnd });
        continue;
      }
      const start = this.start(row, k, findings);
      starts.set(k, start);
      if (lead !== null && !known.has(lead)) {
        known.set(lead, [start.character - begin, start.isPromptEnd]);
      }
    }
    if (rendered.size < row.supervised.length) {
      const wording = say("starts.find.0", rendered.size, row.supervised.length);
      findings.push(finding("prompts sampled", row.supervised.at(-1), wording));
    }
    return starts;
  }

  /* What the model sees before it writes message k. */
  prompt(messages, k) {
    const prompt = this.template.render(messages.slice(0, k), true);
    if (!prompt) throw new TemplateError(say("starts.prompt.0", k, prompt));
    return prompt;
  }

  start(row, k, findings) {
    const prompt = this.prompt(row.messages, k);
    if (row.text.startsWith(prompt)) return { character: prompt.length, isPromptEnd: true };
    if (this.byPrompt) throw noPrefix(row.messages, k, row.text, prompt, this.template);
    const [lead, begin] = row.lead(k);
    const around = row.around(k);
    const isAtFirst = around && around[0] === 0 && around[1] === 0;
    if (lead === null || isAtFirst || row.standsApart(k)) throw notLocated(k);
    const standIns = row.matched.standIns.messages;
    const agreed = this.common(row.text, prompt);
    // What is said before may make the prompt another one than that of the stand-ins.
    const isOther = agreed >= begin && this.added(row.messages, k) !== this.added(standIns, k);
    const [length, supplied] = isOther
      ? [agreed - begin, prompt.slice(agreed)]
      : this.takenOver(row, k, lead);
    if (supplied) {
      const wording = say("starts._start.0", quote(supplied));
      findings.push(finding("generation prompt not matched", k, wording));
    }
    const said = row.said(k);
    const character = said ? Math.min(begin + length, said[0]) : begin + length;
    return { character, isPromptEnd: false };
  }

  /* The text of the messages before k; empty where the template refuses them. */
  closed(messages, k) {
    try {
      return this.template.render(messages.slice(0, k));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return "";
    }
  }

  /* The generation prompt; empty where it is not added to the text before. */
  added(messages, k) {
    const prompt = this.prompt(messages, k);
    const history = this.closed(messages, k);
    return history && prompt.startsWith(history) ? removePrefix(prompt, history) : "";
  }

  /* How much of the text before an answer its prompt supplies, and what it has more. */
  takenOver(row, k, lead) {
    const history = row.matched.standIns.messages.slice(0, k);
    // A template may take an assistant's last message for the beginning of the answer.
    const begun = history.at(-1).role === "assistant" && this.generationPrompt;
    const found = begun && this.standsIn(lead, this.generationPrompt);
    if (found) return found;
    const prompt = this.lastPiece(row, this.prompt(history, k));
    const common = this.common(lead, prompt);
    let closed;
    try {
      closed = this.lastPiece(row, this.template.render(history));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return [common, prompt.slice(common)];
    }
    const added = removePrefix(prompt, closed);
    // The message before is closed in another way when it is the last one.
    const otherwise = common <= closed.length && added.length > 0 && added.length < prompt.length;
    return (otherwise && this.standsIn(lead, added)) || [common, prompt.slice(common)];
  }

  /* How far a generation prompt stands in the text before an answer, and its rest. */
  standsIn(lead, prompt) {
    const [token] = this.tokens.find(prompt);
    const at = lead.lastIndexOf(token ? prompt.slice(0, token.end) : prompt);
    if (at < 0) return null;
    const agreed = this.common(lead.slice(at), prompt);
    return [at + agreed, prompt.slice(agreed)];
  }

  /* What the template writes after the last thing said in a text of stand-ins. */
  lastPiece(row, text) {
    const { parts, marks } = row.matched.standIns;
    return new Frame(text, parts, marks, this.tokens).pieces.at(-1);
  }

  /* How far two texts agree; no added token and no tag is cut in two. */
  common(lead, prompt) {
    const common = commonLength(lead, prompt);
    const whole = [...this.tokens.wholeIn(lead), ...this.tokens.wholeIn(prompt)];
    const cut = whole.filter(([start, end]) => start < common && common < end);
    return cut.length ? Math.min(...cut.map(([start]) => start)) : common;
  }
}
