/* Shows the views that a notebook has stored.

   A notebook keeps each widget's state beside its outputs. This script reads that state, so a page
   needs no kernel, no network and no framework. It knows the kind of widget that the book uses, and
   no other; a test compares the two lists. */
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const FALLBACK = "div[data-widget]";

  const kinds = {
    AnyModel(state) {
      const box = document.createElement("div");
      const { view, data, ...moved } = state;
      chatshiftViews.mount(box, view, { ...data, ...moved });
      return box;
    },
  };

  const models = {};
  for (const script of document.querySelectorAll(STATE)) {
    Object.assign(models, JSON.parse(script.textContent).state);
  }

  /* Each widget replaces its fallback as soon as that is parsed, which it is when anything follows
     it, and before it is painted: so nothing on the page jumps. */
  const followed = (node) => Boolean(node && (node.nextSibling || followed(node.parentElement)));
  const show = (parsed) => {
    for (const fallback of document.querySelectorAll(FALLBACK)) {
      if (!parsed && !followed(fallback)) continue;
      const { model_name, state } = models[fallback.dataset.widget];
      const live = document.createElement("div");
      live.className = "widget";
      live.append(kinds[model_name](state));
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
