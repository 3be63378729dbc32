/* What conversation a row of a data set holds.

   The formats, and the order in which they are tried, are those of `chatshift.formats`; of what the
   page does not read it says what it is, and what to do. */
import { compare, isDict, quoteValue, repr, typeName } from "../engine/python.js";
import { dumps } from "../engine/python_json.js";
import { ChatshiftError } from "../engine/words.js";
import { isTalk, readJson, refuse } from "./file_rows.js";

const ROLES = {
  human: "user",
  user: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  bot: "assistant",
  model: "assistant",
  assistant: "assistant",
  function_call: "assistant",
  observation: "tool",
  function_response: "tool",
  tool: "tool",
  system: "system",
  developer: "developer",
};

const jsonOf = (value, what) => (typeof value === "string" ? readJson(value, what) : value);

const textIn = (row, column) => {
  const value = row[column] ?? "";
  if (typeof value === "string") return value;
  return refuse(`${column} must be text, not ${typeName(value)}: ${quoteValue(value, 40)}`);
};
const listIn = (row, column) => {
  const value = row[column];
  if (!Array.isArray(value)) {
    refuse(`${column} must be a list of messages, not ${typeName(value)}.`);
  }
  value.forEach((one, index) => {
    if (!isDict(one)) refuse(`${column}[${index}] must be a dict, not ${typeName(one)}.`);
  });
  return value;
};

const callOf = (call, where) => {
  if (!isDict(call) || typeof call.name !== "string") {
    const found = quoteValue(call, 40);
    refuse(`${where} must call a tool by 'name' and 'arguments', not ${found}.`);
  }
  return { type: "function", function: call };
};
const turnOf = (turn, where) => {
  if (!Object.hasOwn(turn, "from") && Object.hasOwn(turn, "role")) return turn;
  const { from, value, ...others } = turn;
  if (typeof from !== "string" || !Object.hasOwn(ROLES, from)) {
    const known = Object.keys(ROLES).join(", ");
    refuse(`${where} is from ${quoteValue(from, 40)}; known are ${known}.`);
  }
  const message = { ...others, role: ROLES[from], content: value ?? null };
  if (from !== "function_call") return message;
  const calls = [jsonOf(value, `${where} (function_call)`)].flat();
  return { ...message, content: "", tool_calls: calls.map((call) => callOf(call, where)) };
};
const shareGpt = (row) => {
  const column = row.conversations === undefined ? "conversation" : "conversations";
  const turns = listIn(row, column).map((turn, i) => turnOf(turn, `${column}[${i}]`));
  return [...systemOf(row), ...turns];
};

const systemOf = (row) => {
  const content = textIn(row, "system");
  return content ? [{ role: "system", content }] : [];
};
const historyOf = ({ history }) => {
  const pairs = history || [];
  if (!Array.isArray(pairs)) refuse(`history must be a list of pairs, not ${typeName(pairs)}.`);
  return pairs.flatMap((pair, index) => {
    const fits = Array.isArray(pair) && pair.length === 2;
    if (!fits || pair.some((one) => typeof one !== "string")) {
      refuse(`history[${index}] must be a pair of texts.`);
    }
    return [
      { role: "user", content: pair[0] },
      { role: "assistant", content: pair[1] },
    ];
  });
};
const alpaca = (row) => {
  const asked = [textIn(row, "instruction"), textIn(row, "input")].filter(Boolean).join("\n");
  return [
    ...systemOf(row),
    ...historyOf(row),
    { role: "user", content: asked },
    { role: "assistant", content: textIn(row, "output") },
  ];
};

const said = (row, column, role) => {
  const value = row[column];
  if (typeof value === "string") return [{ role, content: value }];
  if (Array.isArray(value)) return listIn(row, column);
  return refuse(`${column} must be text or a list of messages, not ${quoteValue(value, 40)}.`);
};

const has = (...names) => (row) => names.every((name) => Object.hasOwn(row, name));
const isTyped = ({ messages }) =>
  Array.isArray(messages) &&
  messages.some(
    (one) => Array.isArray(one?.content) && one.content.some((part) => has("value")(part ?? {})),
  );
/* What is not read here, and what to do. */
const OTHERS = [
  [
    has("input_ids"),
    "The row is tokenized already (input_ids). Drop the messages it was made of, or let chatshift audit read it.",
  ],
  [
    (row) => has("chosen", "rejected")(row) || has("chosen_messages", "rejected_messages")(row),
    "The row is a preference pair, which holds two conversations. Drop one of them as a list of messages, or let chatshift audit read both.",
  ],
  [
    isTyped,
    "The row has typed parts (type and value). Drop it with plain contents, or let chatshift audit read it.",
  ],
];
// The first one that fits is taken.
const FORMATS = [
  ["messages", (row) => Array.isArray(row.messages), (row) => listIn(row, "messages")],
  ["sharegpt", (row) => Array.isArray(row.conversations ?? row.conversation), shareGpt],
  ["alpaca", has("instruction", "output"), alpaca],
  [
    "prompt-completion",
    has("prompt", "completion"),
    (row) => [...said(row, "prompt", "user"), ...said(row, "completion", "assistant")],
  ],
];

const unknown = (row) => {
  const columns = repr(Object.keys(row).sort(compare).slice(0, 12));
  const more =
    typeof row.text === "string"
      ? " A text that is rendered already does not say which part is an answer."
      : "";
  const known = "messages, conversations, instruction and output, or prompt and completion";
  return refuse(`No known format has these columns: ${columns}.${more} Known are ${known}.`);
};

const toolsOf = (given) => {
  if (given === undefined || given === null || given === "") return null;
  const tools = jsonOf(given, "tools");
  if (!Array.isArray(tools) || !tools.every(isDict)) {
    refuse(`tools must be a list of JSON schemas, not ${quoteValue(tools, 40)}.`);
  }
  if (!tools.length) return null;
  const isBare = (tool) => !has("function")(tool) && has("name")(tool);
  return tools.map((tool) => (isBare(tool) ? { type: "function", function: tool } : tool));
};

/* A message as the form shows it: its role and its text, or all of it as JSON where it has more. */
const editable = (message) => {
  const names = Object.keys(message).sort().join();
  const plain = names === "content,role" && typeof message.role === "string";
  if (plain && typeof message.content === "string") return { ...message };
  return { json: dumps(message, { ensureAscii: false }) };
};

const named = (name, read) => {
  try {
    return read();
  } catch (error) {
    throw error.type === "No row" ? new ChatshiftError("No row", `${name}: ${error.message}`) : error;
  }
};

/* What a row says: its format, its conversation, and the tools and keywords that it brings. */
export const readRow = (text, name) => named(name, () => conversationIn(readJson(text, name)));
const conversationIn = (found) => {
  const row = isTalk(found) ? { messages: found } : found;
  if (!isDict(row)) {
    refuse(`A row is a dict, or a list of messages that have roles, not ${quoteValue(row, 40)}.`);
  }
  const other = OTHERS.find(([fits]) => fits(row));
  if (other) refuse(other[1]);
  const [format, , read] = FORMATS.find(([, fits]) => fits(row)) ?? unknown(row);
  const messages = read(row);
  const json = (value) =>
    value === undefined || value === null ? "" : dumps(value, { ensureAscii: false });
  return {
    format,
    unwanted: row.label === false,
    row: {
      messages: messages.map(editable),
      tools: json(toolsOf(row.tools)),
      kwargs: json(row.chat_template_kwargs),
    },
  };
};
