/* Chat templates, rendered with Python's meaning of every operation.

   The library reads a template; what its tree means is decided here, strictly: what Python does in
   another way than JavaScript is done as Python does it, and what is not known is refused. */
import { parse, tokenize } from "../vendor/huggingface/jinja.js";
import { Evaluator, SECONDS, Scope } from "./jinja_evaluator.js";
import { GLOBALS } from "./jinja_globals.js";
import { JinjaError, fail, unsupported } from "./jinja_values.js";

// What is learned in other tools; here only its text counts. A filter block has a scope, too.
const GENERATION = /(\{%[-+]?\s*)(end)?generation(\s*[-+]?%\})/g;
const readable = (source) =>
  source.replace(
    GENERATION,
    (_, open, end, close) => `${open}${end ? "endfilter" : "filter string"}${close}`,
  );

const BETWEEN = ["and", "or", "if", "else", "elif"];
const OPEN = ["OpenParen", "OpenSquareBracket", "OpenCurlyBracket"];
const CLOSE = ["CloseParen", "CloseSquareBracket", "CloseCurlyBracket"];
const BORDERS = ["Comma", "Colon", "Equals", "Text", "Comment"];
const isBorder = ({ type, value }) =>
  BORDERS.includes(type) || /Statement$|Expression$/.test(type) || BETWEEN.includes(value);

/* `a < b < c` means something else to the library than to Jinja. */
const checkOrder = (tokens) => {
  const seen = [""];
  let isLoop = false;
  tokens.forEach(({ type, value }) => {
    if (OPEN.includes(type)) seen.push("");
    else if (CLOSE.includes(type)) seen.pop();
    else if (isBorder({ type, value })) seen[seen.length - 1] = "";
    else if (value === "for" && type === "Identifier") isLoop = true;
    else if (isLoop && value === "in") isLoop = false;
    else if (type === "ComparisonBinaryOperator" || (type === "Identifier" && value === "in")) {
      if (seen.at(-1) === "compared") unsupported("a chain of comparisons");
      seen[seen.length - 1] = "compared";
    }
  });
};

/* The names that the template looks up: no attributes, and none that it only gives a value. */
const namesIn = (tokens) =>
  tokens.filter(
    ({ type }, i) =>
      type === "Identifier" && tokens[i - 1]?.type !== "Dot" && tokens[i + 1]?.type !== "Equals",
  );

/* What renders the template: variables in, text out. Raises a JinjaError, or refuses. */
export const compile = (source) => {
  let tree;
  let tokens;
  try {
    tokens = tokenize(readable(source), { lstrip_blocks: true, trim_blocks: true });
    tree = parse(tokens);
  } catch (error) {
    unsupported(`what its reader does not know (${error.message})`);
  }
  checkOrder(tokens);
  const names = new Set(namesIn(tokens).map(({ value }) => value));
  const render = (variables) => {
    const evaluator = new Evaluator(Date.now() + SECONDS * 1000);
    const scope = new Scope(new Scope(null, GLOBALS), variables);
    try {
      return evaluator.captured(tree.body, scope);
    } catch (error) {
      if (error instanceof RangeError) fail("maximum recursion depth exceeded");
      throw error;
    }
  };
  return { render, names };
};
export { JinjaError };
