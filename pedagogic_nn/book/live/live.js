// Runs the cells of a built page: a bar above the first cell, an editor in place of each cell's code.
// A client of Jupyter's own protocol with what a textbook puts out: streams, pictures, HTML with scripts,
// tables, errors, formulas. Figures made by `explore` ask the kernel for frames through pedagogicNN.redraw.

import { Editor } from "./editor.js";
import { Kernel, base, notebook } from "./kernel.js";
import { Outputs, element } from "./outputs.js";

const book = window.pedagogicNN;

const button = (text, action, className = "") => {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
};

const STATES = { starting: "Starting a kernel …", idle: "Ready", busy: "Running …",
                 dead: "The kernel stopped" };

class Page {
  constructor(cells) {
    this.queue = Promise.resolve();
    this.bar = element("div", "pnn-bar");
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "Run this page");
    this.status = element("span", "pnn-status");
    this.status.setAttribute("role", "status");
    this.begin = button("Run this page", () => this.open(cells), "pnn-main");
    this.bar.append(this.begin, this.status);
    cells[0].before(this.bar);
  }

  say(state) {
    const text = STATES[state] || state;
    document.documentElement.dataset.kernel = state;
    clearTimeout(this.later);                       // a quick cell does not flicker
    this.later = setTimeout(() => { this.status.textContent = text; }, state === "busy" ? 150 : 0);
  }

  async open(cells) {
    this.begin.disabled = true;
    this.kernel = new Kernel((state) => this.say(state));
    try {
      await this.kernel.start();
    } catch (error) {
      this.say(error.message);
      this.begin.disabled = false;
      return;
    }
    addEventListener("pagehide", () => this.kernel.end());
    book.redraw = (explorer, where) => this.redraw(explorer, where);
    this.cells = cells.map((cell, i) => new Cell(cell, i + 1, this));
    this.begin.remove();
    const lab = element("a", "", "Open in JupyterLab");
    lab.href = `${base}lab/tree/${notebook()}`;
    this.bar.prepend(
      button("Run all cells", () => this.runTo(this.cells.length, true), "pnn-main"),
      button("Interrupt", () => this.kernel.interrupt()),
      button("Restart", () => this.restart()),
      lab);
    this.bar.querySelector("button").focus();
  }

  // Run cell number `last`, after those above it that have not run yet; or all from the top.
  runTo(last, all = false) {
    const chosen = this.cells.slice(0, last).filter(
      (cell, i) => all || i === last - 1 || !cell.ran);
    for (const cell of chosen) cell.wait();
    this.queue = this.queue.then(async () => {
      for (const [i, cell] of chosen.entries()) {
        if (await cell.run()) continue;
        for (const left of chosen.slice(i + 1)) left.unwait();
        return;
      }
    });
    return this.queue;
  }

  async restart() {
    for (const cell of this.cells) cell.forget();
    try { await this.kernel.restart(); } catch (error) { this.say(error.message); }
  }

  async redraw(explorer, where) {
    let frame, problem;
    await this.kernel.execute(
      `from pedagogic_nn.book.explore import redraw\nredraw(${explorer}, ${JSON.stringify(where)})`,
      (type, content) => {
        if (type === "display_data") {
          frame = content.data["application/vnd.pedagogic-nn.frame+json"] || frame;
        }
        if (type === "error") problem = `${content.ename}: ${content.evalue}`;
      });
    if (!frame) throw new Error(problem || "no frame came back");
    return frame;
  }
}

class Cell {
  constructor(cell, number, page) {
    this.cell = cell;
    this.page = page;
    this.ran = false;
    const run = () => page.runTo(number);
    this.editor = new Editor(cell, number, run);
    this.outputs = new Outputs(cell);
    cell.querySelectorAll("button.copybtn").forEach((one) => one.remove());
    const tools = element("div", "pnn-tools");
    this.runButton = button("Run", run);
    this.runButton.setAttribute("aria-label", `Run cell ${number}`);
    this.resetButton = button("Reset", () => this.editor.reset());
    this.resetButton.setAttribute("aria-label", `Reset cell ${number}`);
    this.count = element("span", "pnn-count");
    tools.append(this.runButton, this.resetButton, this.count);
    cell.querySelector(".cell_input").append(tools);
    this.editor.onChange = () => { this.resetButton.disabled = !this.editor.changed; };
    this.editor.onChange();
  }

  wait() { this.count.textContent = "[*]"; this.cell.classList.add("pnn-stale"); }
  unwait() { this.count.textContent = ""; this.cell.classList.remove("pnn-stale"); }
  forget() { this.ran = false; this.unwait(); }

  // True if it ended without an error.
  async run() {
    this.outputs.begin();
    let reply;
    try {
      reply = await this.page.kernel.execute(
        this.editor.code, (type, content) => this.outputs.hear(type, content), false);
    } catch (error) {
      this.page.say(error.message);
      this.forget();
      return false;
    }
    this.outputs.end();
    this.unwait();
    this.count.textContent = `[${reply.execution_count ?? " "}]`;
    this.ran = reply.status === "ok" || this.cell.classList.contains("tag_raises-exception");
    return this.ran;
  }
}

const cells = [...document.querySelectorAll(".cell")].filter(
  (cell) => cell.querySelector(".cell_input pre"));
if (cells.length) book.page = new Page(cells);
