/* A small Llama, forward only: embeddings, RMSNorm, rotary attention, SwiGLU; and its losses. */

const half = (bits) => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 ? -1 : 1;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/* The weights of a model by their names. `head` has its size, and name, shape and start of each. */
export const readWeights = ({ size, weights }, bytes) => {
  const raw = new Uint16Array(bytes);
  const length = (shape) => shape.reduce((product, one) => product * one, 1);
  const named = weights.map(([name, shape, at]) => [
    name,
    Float32Array.from(raw.subarray(at, at + length(shape)), half),
  ]);
  return { size, weights: Object.fromEntries(named) };
};

/* x, n rows of `inner`, times the transpose of w, `outer` rows of `inner`. */
const multiply = (x, w, n, inner, outer) => {
  const y = new Float32Array(n * outer);
  for (let t = 0; t < n; t++) {
    for (let o = 0; o < outer; o++) {
      let sum = 0;
      for (let i = 0, a = t * inner, b = o * inner; i < inner; i++) sum += x[a + i] * w[b + i];
      y[t * outer + o] = sum;
    }
  }
  return y;
};

const norm = (x, w, n, { hidden, eps }) => {
  const y = new Float32Array(n * hidden);
  for (let t = 0; t < n; t++) {
    let sum = 0;
    for (let i = 0; i < hidden; i++) sum += x[t * hidden + i] ** 2;
    const scale = 1 / Math.sqrt(sum / hidden + eps);
    for (let i = 0; i < hidden; i++) y[t * hidden + i] = x[t * hidden + i] * scale * w[i];
  }
  return y;
};

/* Turn each pair of numbers by an angle that grows with the position. */
const rotate = (x, n, { hidden, heads, theta }) => {
  const half_ = hidden / heads / 2;
  for (let t = 0; t < n; t++) {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < half_; i++) {
        const angle = t * theta ** (-i / half_);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const at = (t * heads + head) * 2 * half_ + i;
        const [u, v] = [x[at], x[at + half_]];
        x[at] = u * c - v * s;
        x[at + half_] = v * c + u * s;
      }
    }
  }
};

/* Each position looks at itself and at those before. */
const attend = (q, k, v, n, { hidden, heads }) => {
  const width = hidden / heads;
  const mixed = new Float32Array(n * hidden);
  for (let head = 0; head < heads; head++) {
    for (let t = 0; t < n; t++) {
      const scores = new Float64Array(t + 1);
      for (let u = 0; u <= t; u++) {
        let sum = 0;
        for (let i = head * width; i < (head + 1) * width; i++)
          sum += q[t * hidden + i] * k[u * hidden + i];
        scores[u] = sum / Math.sqrt(width);
      }
      const most = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - most));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (let u = 0; u <= t; u++) {
        for (let i = head * width; i < (head + 1) * width; i++) {
          mixed[t * hidden + i] += (shares[u] / total) * v[u * hidden + i];
        }
      }
    }
  }
  return mixed;
};
const add = (x, y) => y.forEach((value, i) => (x[i] += value));

/* The logits, n rows of one for each token of the vocabulary. */
export const forward = ({ size, weights }, ids) => {
  const { hidden, inner, layers, vocab } = size;
  const n = ids.length;
  const x = new Float32Array(n * hidden);
  const embedded = weights["model.embed_tokens.weight"];
  ids.forEach((id, t) => x.set(embedded.subarray(id * hidden, (id + 1) * hidden), t * hidden));
  for (let layer = 0; layer < layers; layer++) {
    const weight = (name) => weights[`model.layers.${layer}.${name}.weight`];
    let y = norm(x, weight("input_layernorm"), n, size);
    const [q, k, v] = ["q", "k", "v"].map((name) =>
      multiply(y, weight(`self_attn.${name}_proj`), n, hidden, hidden),
    );
    rotate(q, n, size);
    rotate(k, n, size);
    add(x, multiply(attend(q, k, v, n, size), weight("self_attn.o_proj"), n, hidden, hidden));
    y = norm(x, weight("post_attention_layernorm"), n, size);
    const gate = multiply(y, weight("mlp.gate_proj"), n, hidden, inner);
    const up = multiply(y, weight("mlp.up_proj"), n, hidden, inner);
    const gated = gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]);
    add(x, multiply(gated, weight("mlp.down_proj"), n, inner, hidden));
  }
  return multiply(
    norm(x, weights["model.norm.weight"], n, size),
    weights["lm_head.weight"],
    n,
    hidden,
    vocab,
  );
};

const lossAt = (logits, at, vocab, label) => {
  const row = logits.subarray(at * vocab, (at + 1) * vocab);
  const most = row.reduce((one, other) => Math.max(one, other));
  const total = row.reduce((sum, value) => sum + Math.exp(value - most), 0);
  return most + Math.log(total) - row[label];
};

/* The loss of each pair with the labels moved by 0, 1 and 2 places; null where none counts. */
export const lossesOf = (model, { full_ids: ids, masked_labels: labels }) => {
  const logits = forward(model, ids);
  const moved = (places) =>
    ids.map((_, i) => {
      const label = labels[i + places] ?? -100;
      return label === -100 ? null : lossAt(logits, i, model.size.vocab, label);
    });
  return { 0: moved(0), 1: moved(1), 2: moved(2) };
};

/* The token that the model finds likeliest after these. */
export const nextToken = (model, ids) => {
  const row = forward(model, ids).subarray((ids.length - 1) * model.size.vocab);
  return row.indexOf(row.reduce((one, other) => Math.max(one, other)));
};
