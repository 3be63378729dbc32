/* The one place that calls a chat template. */
import { compile, JinjaError } from "./jinja.js";
import { compare, isDict, removePrefix, typeName } from "./python.js";
import { TemplateError, say, tables } from "./words.js";

const compiled = new Map();
const writer = (source) => {
  if (!compiled.has(source)) {
    if (compiled.size > 20) compiled.clear();
    compiled.set(source, compile(source));
  }
  return compiled.get(source);
};

export const plainTools = (tools) => {
  if (tools === null || tools === undefined) return null;
  if (!Array.isArray(tools)) {
    throw new TemplateError(say("chat_template.plain_tools.0", typeName(tools)));
  }
  tools.forEach((tool, number) => {
    if (!isDict(tool)) {
      throw new TemplateError(say("chat_template.plain_tools.1", number, typeName(tool)));
    }
  });
  return tools;
};

/* A tokenizer's chat template with everything that it sees beside the messages. */
export class ChatTemplate {
  constructor(tokenizer, { tools = null, kwargs = {}, bosToStrip = "" } = {}) {
    const { tools: inKwargs, ...others } = kwargs;
    for (const name of tables.RESERVED) {
      if (Object.hasOwn(kwargs, name)) {
        throw new TemplateError(say("chat_template.__init__.0", name));
      }
    }
    if (inKwargs !== undefined && tools !== null) {
      throw new TemplateError(say("chat_template.__init__.1"));
    }
    if (!tokenizer.template) {
      throw new TemplateError(say("chat_template.__init__.2", tokenizer.className));
    }
    this.tokenizer = tokenizer;
    this.tools = plainTools(tools ?? inKwargs ?? null);
    this.kwargs = others;
    this.bosToStrip = bosToStrip;
    const { render, names } = writer(tokenizer.templateFor(this.tools));
    this.write = render;
    const given = { ...others, tools: this.tools?.length ? this.tools : null };
    this.unread = Object.keys(given)
      .filter((name) => given[name] !== null && !names.has(name))
      .sort(compare);
    this.known = new Map();
  }

  /* The text that the template writes for checked messages. */
  render(messages, opened = false) {
    const key = `${opened}${JSON.stringify(messages)}`;
    if (!this.known.has(key)) {
      if (this.known.size > 400) this.known.clear();
      this.known.set(key, this.written(messages, opened));
    }
    const found = this.known.get(key);
    if (found instanceof TemplateError) throw found;
    return found;
  }

  written(messages, opened) {
    const seen = { documents: null, ...this.tokenizer.specialTokens, ...this.kwargs };
    try {
      const text = this.write({
        ...seen,
        tools: this.tools,
        messages,
        add_generation_prompt: opened,
      });
      return this.bosToStrip ? removePrefix(text, this.bosToStrip) : text;
    } catch (error) {
      if (!(error instanceof JinjaError)) throw error;
      const roles = messages.map(({ role }) => role).join(", ");
      return new TemplateError(say("chat_template.render.0", roles, error.message));
    }
  }
}
