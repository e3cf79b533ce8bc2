// What a cell puts out, as elements of the page.

const book = window.pedagogicNN;

export const element = (tag, className = "", text = "") => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
};

// Terminal colours (a traceback has them) as spans.
const ansi = (text) => {
  const pre = element("pre");
  let classes = [];
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    const codes = part.match(/^\x1b\[([0-9;]*)m$/);
    if (!codes) {
      if (!part) continue;
      const span = element("span", classes.includes("1") ? "ansi-bold" : "", part);
      const colour = classes.find((c) => /^(3[1-6]|9[1-6])$/.test(c));
      if (colour) span.style.color = `var(--ansi-3${colour.slice(-1)})`;
      pre.append(span);
    } else if (codes[1] === "" || codes[1] === "0") {
      classes = [];
    } else {
      const given = codes[1].split(";");
      if (given[0] === "38") continue;              // 256 colours: left to the page's own
      classes = classes.filter((c) => c === "1" || given.every((g) => g === "1")).concat(given);
    }
  }
  return pre;
};

// HTML set by innerHTML does not run its scripts; copies of the script elements do.
const withScripts = (html) => {
  const box = element("div", "output text_html");
  box.innerHTML = html;
  for (const old of box.querySelectorAll("script")) {
    if (old.type && !/javascript|module/.test(old.type)) continue;
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
  return box;
};

const typeset = (node) => window.MathJax?.typesetPromise?.([node]);

const image = (kind, data, words) => {
  const box = element("div", "output image_png");
  const img = element("img");
  img.src = kind === "image/svg+xml"
    ? `data:image/svg+xml;utf8,${encodeURIComponent(data)}` : `data:${kind};base64,${data}`;
  img.alt = words && !words.startsWith("<") ? words : "Figure drawn by the code above";
  box.append(img);
  return [box, img];
};

const bundle = (data, metadata = {}) => {
  const text = (kind) => [].concat(data[kind]).join("");
  if (data["text/html"]) return withScripts(text("text/html"));
  for (const kind of ["image/svg+xml", "image/png", "image/jpeg", "image/webp"]) {
    if (!data[kind]) continue;
    const [box, img] = image(kind, text(kind), data["text/plain"] && text("text/plain"));
    if (metadata[kind]?.width) img.width = metadata[kind].width;
    return box;
  }
  if (data["text/latex"]) {
    const box = element("div", "output text_latex math", text("text/latex"));
    typeset(box);
    return box;
  }
  const box = element("div", "output text_plain highlight");
  box.append(ansi(text("text/plain")));
  return box;
};

export class Outputs {
  constructor(cell) {
    this.box = cell.querySelector(".cell_output");
    if (!this.box) {
      this.box = element("div", "cell_output docutils container");
      cell.append(this.box);
    }
    this.byId = new Map();                          // display ids, for update_display_data
  }

  // The old output stays until the first new one comes: no jump of the page.
  begin() { this.fresh = true; this.stream = null; }
  end() { if (this.fresh) this.box.replaceChildren(); this.fresh = false; }

  add(node) {
    if (this.fresh || this.clearNext) this.box.replaceChildren();
    this.fresh = this.clearNext = false;
    this.box.append(node);
    book.attach?.(node);
    if (node.querySelector(".math")) typeset(node);
    return node;
  }

  hear(type, content) {
    if (type === "stream") return this.write(content);
    this.stream = null;
    if (type === "display_data" || type === "execute_result") {
      const node = this.add(bundle(content.data, content.metadata));
      const id = content.transient?.display_id;
      if (id) this.byId.set(id, node);
    } else if (type === "update_display_data") {
      const old = this.byId.get(content.transient?.display_id);
      const node = bundle(content.data, content.metadata);
      if (old) { old.replaceWith(node); this.byId.set(content.transient.display_id, node); }
    } else if (type === "error") {
      const box = element("div", "output traceback highlight");
      box.append(ansi(content.traceback.join("\n")));
      this.add(box);
    } else if (type === "clear_output") {
      if (content.wait) this.clearNext = true; else this.box.replaceChildren();
    }
  }

  write({ name, text }) {
    if (!this.stream || this.stream.name !== name || this.clearNext) {
      const box = element("div", `output stream ${name === "stderr" ? "stderr" : ""} highlight`);
      this.stream = { name, text: "", box: this.add(box) };
    }
    // A carriage return goes back to the start of its line (progress bars).
    this.stream.text = (this.stream.text + text).replace(/\r\n/g, "\n").replace(/[^\n]*\r(?=[^\n])/g, "");
    this.stream.box.replaceChildren(ansi(this.stream.text));
  }
}
