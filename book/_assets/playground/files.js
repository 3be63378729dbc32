/* Files that are dropped or chosen, and what each of them is. */

/* All files of a drop, those in its folders too. */
export const droppedFiles = async (transfer) => {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(filesIn))).flat();
};
const filesIn = async (entry) => {
  if (entry.isFile) return [await new Promise((done, wrong) => entry.file(done, wrong))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, wrong) => reader.readEntries(done, wrong));
    if (!some.length) return found;
    // A model's folder is flat; what lies deeper is not looked at.
    for (const one of some) if (one.isFile) found.push(...(await filesIn(one)));
  }
};

/* The files by what they are; of those that are nothing here, the names. */
export const sorted = (files) => {
  const found = { others: [] };
  for (const file of files) {
    const { name } = file;
    if (name === "tokenizer.json") found.tokenizer = file;
    else if (name === "tokenizer_config.json") found.config = file;
    else if (/\.(jinja2?|j2)$/.test(name)) found.template = file;
    else if (name === "chat_template.json") found.templateJson = file;
    else if (/\.(jsonl|ndjson)$/.test(name)) found.rows = file;
    else if (/\.json$/.test(name)) found.otherJson = file;
    else found.others.push(name);
  }
  // A lone JSON is a row; in a model's folder there are many, and none of them is one.
  if (found.otherJson && !found.tokenizer && !found.config && !found.rows)
    found.rows = found.otherJson;
  return found;
};
