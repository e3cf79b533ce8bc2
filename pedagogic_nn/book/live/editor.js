// A cell's code in a text area, with colours behind it.

import { element } from "./outputs.js";

// Enough of Python for colours, in the class names of the page's own style sheet.
const TOKEN = new RegExp([
  /(?<c1>#[^\n]*)/,
  /(?<s2>(?:\b[rbfu]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))/,
  /(?<k>\b(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b)/,
  /(?<kc>\b(?:None|True|False)\b)/,
  /(?<mi>\b\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?\b)/,
  /(?<nd>^[ \t]*@[\w.]+)/,
  /(?<nb>\b(?:print|range|len|zip|enumerate|float|int|str|list|dict|tuple|set|sum|min|max|abs|round|sorted|super|isinstance)\b(?=\())/,
].map((one) => one.source).join("|"), "gm");

const coloured = (code) => {
  const parts = document.createDocumentFragment();
  let end = 0;
  for (const found of code.matchAll(TOKEN)) {
    const [kind] = Object.entries(found.groups).find(([, text]) => text !== undefined);
    parts.append(code.slice(end, found.index), element("span", kind, found[0]));
    end = found.index + found[0].length;
  }
  parts.append(code.slice(end), "\n");              // so that a last empty line has height
  return parts;
};

export class Editor {
  constructor(cell, number, run) {
    const source = cell.querySelector(".cell_input pre");
    this.original = source.textContent.replace(/\n+$/, "");
    this.area = element("textarea");
    Object.assign(this.area, { value: this.original, spellcheck: false, rows: 1,
                               autocapitalize: "off", autocomplete: "off" });
    this.area.setAttribute("aria-label", `Code of cell ${number}. Shift and Enter run it.`);
    this.shown = element("div", "pnn-colours");
    this.shown.setAttribute("aria-hidden", "true");
    const box = element("div", "pnn-editor");
    box.append(this.shown, this.area);
    source.parentElement.replaceChildren(box);      // .highlight keeps the page's colours
    this.area.addEventListener("input", () => this.draw());
    this.area.addEventListener("keydown", (event) => this.key(event, run));
    this.draw();
  }

  get code() { return this.area.value; }
  get changed() { return this.code !== this.original; }
  draw() { this.shown.replaceChildren(coloured(this.code)); this.onChange?.(); }
  reset() { this.area.value = this.original; this.draw(); }

  key(event, run) {
    if (event.key !== "Enter") return;              // Tab keeps moving the focus
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      event.preventDefault();
      run();
      return;
    }
    const line = this.code.slice(0, this.area.selectionStart).split("\n").pop();
    const indent = line.match(/^ */)[0] + (/:\s*(#.*)?$/.test(line) ? "    " : "");
    if (indent) {
      event.preventDefault();
      document.execCommand("insertText", false, `\n${indent}`);   // keeps undo
    }
  }
}
