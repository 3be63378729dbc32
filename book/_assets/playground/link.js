/* What a copied link carries: conversation, template and settings, in the part after the #. */

const letters = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/* Settings that are typed as JSON. */
export const TEXTS = ["tools", "kwargs", "stops"];
export const SETTINGS = {
  supervise: "last",
  boundary: "prompt",
  strip_bos: true,
  mask_tail: false,
  control_tokens: "error",
};

export const encode = ({ format, template, share, settings, messages, ...texts }) => {
  const carried = { v: 2, format, settings, messages };
  const text = share ?? template;
  if (text) carried.template = text;
  for (const name of TEXTS) if (texts[name]) carried[name] = texts[name];
  const bytes = new TextEncoder().encode(JSON.stringify(carried));
  return letters(bytes).replace(/\+/g, "-").replace(/\//g, "_");
};

const isText = (value) => typeof value === "string";
const isMessage = (one) => isText(one?.json) || (isText(one?.role) && isText(one?.content));
const isTemplate = (one) =>
  isText(one?.text) &&
  (one.control === undefined || (Array.isArray(one.control) && one.control.every(isText)));

/* What a link says, or nothing where it is no link of ours. */
export const decode = (hash, formats) => {
  let read;
  try {
    read = JSON.parse(
      new TextDecoder().decode(bytesOf(hash.replace(/-/g, "+").replace(/_/g, "/"))),
    );
  } catch (error) {
    // Whatever else stands after the # is no state of ours.
    if (error instanceof SyntaxError || error instanceof DOMException) return null;
    throw error;
  }
  if (!isText(read?.format) || !Object.hasOwn(formats, read.format)) return null;
  if (!Array.isArray(read.messages) || !read.messages.every(isMessage)) return null;
  if (read.template !== undefined && !isTemplate(read.template)) return null;
  const settings = { ...SETTINGS };
  if (read.v === undefined) settings.strip_bos = Boolean(read.withoutBos);
  for (const [name, value] of Object.entries(read.settings ?? {})) {
    if (Object.hasOwn(SETTINGS, name) && typeof value === typeof SETTINGS[name])
      settings[name] = value;
  }
  return {
    format: read.format,
    template: read.template ?? null,
    settings,
    ...Object.fromEntries(TEXTS.map((name) => [name, isText(read[name]) ? read[name] : ""])),
    messages: read.messages,
  };
};
