/* Scripts that are loaded on demand stand beside the one that is running. */
const beside = document.currentScript.src;

export const loadScript = (name) =>
  new Promise((done, wrong) => {
    const script = document.createElement("script");
    script.src = new URL(name, beside).href;
    script.onload = () => done();
    script.onerror = () => wrong(new Error(`${name} is not there.`));
    document.head.append(script);
  });
