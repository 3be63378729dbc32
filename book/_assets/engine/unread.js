/* What messages say under keys that the package does not know: does the template read them? */
import { isBlank, quote, quoteValue } from "./python.js";
import { TemplateError, finding, say, tables } from "./words.js";

/* A note on tools and keywords that the template never looks up. */
export const unreadKeywords = (row, { unread }) =>
  unread.length
    ? [
        finding(
          "keyword not read",
          row.supervised.at(-1),
          say("unread.unread_keywords.0", unread.join(", ")),
        ),
      ]
    : [];

/* Notes on what stands under keys that the template does not read. */
export const checkKeys = (row, template) => {
  const extras = row.messages.flatMap((message, k) => extrasOf(message, k));
  let names = new Set(extras.map(nameOf));
  if (!names.size) return [];
  if (isWritten(row, names, template)) {
    names = new Set([...names].filter((name) => !isWritten(row, new Set([name]), template)));
  }
  return extras.filter((extra) => names.has(nameOf(extra))).map((extra) => noteOn(extra, row));
};

const nameOf = ({ kind, key }) => `${kind} ${key}`;

/* The dicts of a message: what each is, the way to it, and the dict itself. */
const holdersOf = (message) => [
  ["message", "", message],
  ...(typeof message.content === "string" ? [] : message.content).map((part, i) => [
    "part",
    `content[${i}].`,
    part,
  ]),
  ...(message.tool_calls ?? []).flatMap((call, i) => [
    ["call", `tool_calls[${i}].`, call],
    ["function", `tool_calls[${i}].function.`, call.function],
  ]),
];

const saysNothing = (value) =>
  value === null ||
  (typeof value === "string" && isBlank(value)) ||
  (typeof value === "object" && !Object.keys(value).length);

const extrasOf = (message, k) =>
  holdersOf(message).flatMap(([kind, way, holder]) =>
    Object.entries(holder)
      .filter(([key, value]) => !isKnown(kind, key, message) && !saysNothing(value))
      .map(([key, value]) => ({ message: k, kind, where: way + key, key, value })),
  );

const isKnown = (kind, key, { role }) =>
  tables.KNOWN[kind].includes(key) || (role === "tool" && key === "name");

/* Whether the template writes another text without these keys. */
const isWritten = (row, names, template) => {
  const messages = structuredClone(row.messages);
  row.messages.forEach((message, k) => {
    const removed = new Set(extrasOf(message, k).map(nameOf).filter((name) => names.has(name)));
    for (const [kind, , holder] of holdersOf(messages[k])) {
      for (const key of Object.keys(holder)) {
        if (removed.has(nameOf({ kind, key }))) delete holder[key];
      }
    }
  });
  try {
    return template.render(messages) !== row.text;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return true; // it asks for them
  }
};

const noteOn = ({ message, kind, where, key, value }, row) => {
  const { role } = row.messages[message];
  const said = typeof value === "string" ? quote(value) : quoteValue(value);
  if (kind === "message" && tables.OTHER_THOUGHTS.includes(key)) {
    return finding("thought left out", message, say("unread._finding.0", role, said));
  }
  return finding("key not read", message, say("unread._finding.2", where, role, said));
};
