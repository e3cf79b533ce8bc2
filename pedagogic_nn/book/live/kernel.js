// A kernel of the server that served this page: Jupyter's REST for sessions, one websocket for messages.

// The server's base address; server.py writes it on the script element.
export const base = document.querySelector("script[data-base]").dataset.base;

const cookie = (name) =>
  (document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`)) || [])[1] || "";

const api = async (method, path, body, options = {}) => {
  const answer = await fetch(`${base}api/${path}`, {
    method, ...options,
    headers: { "Content-Type": "application/json", "X-XSRFToken": cookie("_xsrf") },
    body: body && JSON.stringify(body),
  });
  if (answer.status === 403) throw new Error("not logged in: open the address with the token again");
  if (!answer.ok) throw new Error(`the server answered ${answer.status} ${answer.statusText}`);
  return answer.status === 204 ? null : answer.json();
};

export const notebook = () => {
  const page = decodeURIComponent(location.pathname).slice(`${base}book/`.length);
  return page.replace(/\.html$/, ".ipynb");
};

export class Kernel {
  // `heard(state)` is told 'starting', 'idle', 'busy' or 'dead'.
  constructor(heard) {
    this.heard = heard;
    this.client = crypto.randomUUID();
    this.waiting = new Map();                       // message id -> {onMessage, done, fail}
  }

  async start() {
    this.heard("starting");
    // Its own name: two tabs have two kernels. front_end.py knows a page by the end of it.
    const name = `${notebook()}#${this.client.slice(0, 8)}#page`;
    this.session = await api("POST", "sessions", {
      path: name, name: name.split("/").pop(), type: "notebook", kernel: { name: "python3" },
    });
    await this.connect();
    await this.execute("");                         // answered only when the kernel is up
    this.heard("idle");
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const path = `${base}api/kernels/${this.session.kernel.id}/channels`;
    this.socket = new WebSocket(
      `${scheme}//${location.host}${path}?session_id=${this.client}`);
    this.socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    this.socket.onclose = () => this.lost("the connection to the kernel was closed");
    return new Promise((done, fail) => {
      this.socket.onopen = done;
      this.socket.onerror = () => fail(new Error("no connection to the kernel"));
    });
  }

  lost(reason) {
    this.heard("dead");
    for (const { fail } of this.waiting.values()) fail(new Error(reason));
    this.waiting.clear();
  }

  // Resolves with the kernel's reply, when all output has arrived.
  execute(code, onMessage = () => {}, silent = true) {
    if (this.socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Error("the kernel is gone; restart it"));
    }
    const id = crypto.randomUUID();
    const request = {
      header: { msg_id: id, msg_type: "execute_request", version: "5.3", username: "reader",
                session: this.client, date: new Date().toISOString() },
      parent_header: {}, metadata: {}, buffers: [], channel: "shell",
      content: { code, silent, store_history: !silent, user_expressions: {},
                 allow_stdin: false, stop_on_error: true },
    };
    return new Promise((done, fail) => {
      this.waiting.set(id, { onMessage, done, fail, reply: null, idle: false });
      this.socket.send(JSON.stringify(request));
    });
  }

  receive(message) {
    const type = message.header.msg_type;
    const state = message.content.execution_state;
    if (type === "status") {
      this.heard(state === "restarting" || state === "dead" ? "dead" : state);
      if (state === "dead" || state === "restarting") {
        this.lost("the kernel stopped (out of memory?); restart it");
      }
    }
    const request = this.waiting.get(message.parent_header.msg_id);
    if (!request) return;
    if (type === "execute_reply") request.reply = message.content;
    else if (type === "status") request.idle = request.idle || state === "idle";
    else request.onMessage(type, message.content);
    if (request.reply && request.idle) {
      this.waiting.delete(message.parent_header.msg_id);
      request.done(request.reply);
    }
  }

  interrupt() { return api("POST", `kernels/${this.session.kernel.id}/interrupt`); }

  async restart() {
    this.socket.onclose = null;
    this.socket.close();
    this.lost("restarted");
    this.heard("starting");
    const { id } = this.session.kernel;
    const running = await api("GET", "kernels");
    if (!running.some((kernel) => kernel.id === id)) return this.start();   // ended elsewhere
    try {
      await api("POST", `kernels/${id}/restart`);
    } catch {
      return this.start();                                     // it was ending meanwhile
    }
    await this.connect();
    await this.execute("");
    this.heard("idle");
  }

  end() {
    if (!this.session) return Promise.resolve();
    return api("DELETE", `sessions/${this.session.id}`, undefined, { keepalive: true });
  }
}
