/* The page's end of the worker: requests, their answers, and of many the newest alone. */

/* A worker from a text, since a page that was opened as a file may not load one from an address. */
export const startWorker = (engine) => {
  const source = `"use strict";(${engine})(self);`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  const waiting = new Map();
  let last = 0;
  let isLeaving = false;
  const leave = () => {
    if (isLeaving && !waiting.size) worker.terminate();
  };
  const ready = new Promise((resolve, reject) => {
    worker.onerror = (event) => {
      const error = new Error(event.message || "The worker did not start.");
      reject(error);
      for (const { wrong } of waiting.values()) wrong(error);
    };
    worker.onmessage = ({ data: { id, ready: isReady, progress, result, failed } }) => {
      if (isReady) return resolve();
      const { done, wrong, step } = waiting.get(id);
      if (progress) return step(progress);
      waiting.delete(id);
      leave();
      return failed ? wrong(Object.assign(new Error(failed.message), failed)) : done(result);
    };
  });
  const ask = (kind, given = {}, step = () => {}) =>
    new Promise((done, wrong) => {
      last += 1;
      waiting.set(last, { done, wrong, step });
      worker.postMessage({ id: last, kind, ...given });
    });
  /* Ends the worker once it has answered what it was asked. */
  const stop = () => {
    isLeaving = true;
    leave();
  };
  return { ready, ask, stop };
};

/* Calls with the newest of many requests: one is at work, and one waits. */
export const newest = (work) => {
  let busy = false;
  let next;
  const run = async (given) => {
    if (busy) {
      next = given;
      return;
    }
    busy = true;
    try {
      await work(given);
    } finally {
      busy = false;
      const waiting = next;
      next = undefined;
      if (waiting !== undefined) run(waiting);
    }
  };
  return run;
};
