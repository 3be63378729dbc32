/* Shows the widgets that a notebook has stored, with the browser's own controls.

   A notebook keeps each widget's state beside its outputs. This script reads that state, so a page
   needs no kernel, no network and no framework. It knows the kinds of widget that the book uses,
   and no others; a test compares the two lists. */
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const FALLBACK = "div[data-widget]";

  class Model {
    constructor(name, state) {
      this.name = name;
      this.state = state;
      this.listeners = [];
    }
    get(key, ifMissing) {
      return this.state[key] ?? ifMissing;
    }
    set(key, value) {
      if (this.state[key] === value) return;
      this.state[key] = value;
      this.listeners.forEach((listener) => listener());
    }
    onChange(listener) {
      this.listeners.push(listener);
      listener();
    }
  }

  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  let groups = 0;
  const views = {
    HTMLModel(model) {
      const box = element("div", {});
      box.innerHTML = model.get("value", "");
      return box;
    },
    AnyModel(model) {
      const box = element("div", {});
      const { view, data, ...moved } = model.state;
      chatshiftViews.mount(box, view, { ...data, ...moved });
      return box;
    },
    VBoxModel(model, view) {
      return element("div", {}, ...model.get("children", []).map(view));
    },
    StackModel(model, view) {
      const box = element("div", {});
      model.onChange(() => {
        box.replaceChildren(view(model.get("children")[model.get("selected_index")]));
      });
      return box;
    },
    IntSliderModel(model) {
      const [min, max] = [model.get("min", 0), model.get("max", 100)];
      const input = element("input", { type: "range", min, max, step: 1 });
      const output = element("output", {});
      input.addEventListener("input", () => model.set("value", Number(input.value)));
      model.onChange(() => {
        input.value = output.value = model.get("value", 0);
      });
      const name = element("span", {}, model.get("description", ""));
      return element("label", { class: "widget-slider" }, name, input, output);
    },
    ToggleButtonsModel(model) {
      const group = `widget-choice-${++groups}`;
      const labels = model.get("_options_labels").map((text, index) => {
        const input = element("input", { type: "radio", name: group });
        input.addEventListener("change", () => model.set("index", index));
        model.onChange(() => (input.checked = model.get("index") === index));
        return element("label", {}, input, element("span", {}, text));
      });
      const legend = element("legend", {}, model.get("description", ""));
      return element("fieldset", { class: "widget-choice" }, legend, ...labels);
    },
  };

  /* A link keeps two models' values equal: moving the slider chooses the frame. */
  const connect = (link, find) => {
    const [[source, sourceKey], [target, targetKey]] = [link.get("source"), link.get("target")];
    const [from, to] = [find(source), find(target)];
    from.onChange(() => to.set(targetKey, from.get(sourceKey)));
    to.onChange(() => from.set(sourceKey, to.get(targetKey)));
  };

  const models = {};
  const find = (reference) => models[reference.replace("IPY_MODEL_", "")];
  const view = (reference) => {
    const model = find(reference);
    return views[model.name](model, view);
  };
  for (const script of document.querySelectorAll(STATE)) {
    for (const [id, stored] of Object.entries(JSON.parse(script.textContent).state)) {
      models[id] = new Model(stored.model_name, stored.state);
    }
  }
  for (const model of Object.values(models)) if (model.name === "LinkModel") connect(model, find);

  /* Each widget replaces its fallback as soon as that is parsed, which it is when anything follows
     it, and before it is painted: so nothing on the page jumps. */
  const followed = (node) => Boolean(node && (node.nextSibling || followed(node.parentElement)));
  const show = (parsed) => {
    for (const fallback of document.querySelectorAll(FALLBACK)) {
      if (!parsed && !followed(fallback)) continue;
      const live = element("div", { class: "widget" }, view(fallback.dataset.widget));
      fallback.replaceWith(live);
    }
  };
  const observer = new MutationObserver(() => show(false));
  observer.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    observer.disconnect();
    show(true);
  });
})();
