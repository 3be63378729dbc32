/* What every template can call. */
import { Namespace, fail, text, unsupported } from "./jinja_values.js";

const pad = (number, width = 2) => String(number).padStart(width, "0");
const now = (format) => {
  const date = new Date();
  const word = (options) => date.toLocaleDateString("en-US", options);
  const parts = {
    Y: () => pad(date.getFullYear(), 4),
    m: () => pad(date.getMonth() + 1),
    d: () => pad(date.getDate()),
    b: () => word({ month: "short" }),
    B: () => word({ month: "long" }),
    a: () => word({ weekday: "short" }),
    A: () => word({ weekday: "long" }),
    H: () => pad(date.getHours()),
    M: () => pad(date.getMinutes()),
    S: () => pad(date.getSeconds()),
    "%": () => "%",
  };
  return format.replace(/%(.)/g, (_, name) =>
    Object.hasOwn(parts, name) ? parts[name]() : unsupported(`the date format %${name}`),
  );
};
const range = (...given) => {
  if (!given.every(Number.isInteger) || !given.length) return unsupported("such a range");
  const [start, stop, step = 1] = given.length > 1 ? given : [0, given[0]];
  const size = Math.max(0, Math.ceil((stop - start) / step));
  if (size > 100_000)
    return fail("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
  return Array.from({ length: size }, (_, i) => start + i * step);
};
export const GLOBALS = {
  raise_exception: ([message]) => fail(text(message)),
  strftime_now: ([format]) => now(format),
  range: (given) => range(...given),
  namespace: (args, named) => new Namespace({ ...args[0], ...named }),
  dict: (args, named) => ({ ...args[0], ...named }),
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
};
