// Moves the figures made by pedagogic_nn.book.explore: native sliders, frames cut from one sheet.
// A figure of a live page has no sheet; its frames come from the kernel through pedagogicNN.redraw.
(() => {
  const book = (window.pedagogicNN = window.pedagogicNN || {});

  // Frame number k of a figure, as the address of a picture.
  const cutter = (data) => {
    const sheet = new Image();
    const loaded = new Promise((done) => { sheet.onload = done; });
    sheet.src = data.sheet;
    const canvas = document.createElement("canvas");
    canvas.width = data.width;
    canvas.height = data.height;
    const cut = [];
    return async (k) => {
      await loaded;
      if (!cut[k]) {
        const x = (k % data.columns) * data.width;
        const y = Math.floor(k / data.columns) * data.height;
        canvas.getContext("2d").drawImage(
          sheet, x, y, data.width, data.height, 0, 0, data.width, data.height);
        cut[k] = canvas.toDataURL();
      }
      return { src: cut[k], alt: data.alts[k] };
    };
  };

  const attachOne = (figure) => {
    figure.dataset.ready = "1";
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const image = figure.querySelector("img");
    const spoken = figure.querySelector(".pnn-spoken");
    const sliders = [...figure.querySelectorAll("input")];
    const position = () => sliders.map((slider) => Number(slider.value));
    const stored = data.sheet && cutter(data);
    const frame = (where) => stored
      ? stored(where.reduce((k, v, i) => k * data.labels[i].length + v, 0))
      : book.redraw(data.explorer, where);

    const name = (i) => {
      const label = data.labels[i][sliders[i].value];
      sliders[i].setAttribute("aria-valuetext", `${data.names[i]} = ${label}`);
      sliders[i].parentElement.querySelector("output").textContent = label;
    };

    let busy = false, again = false;
    const show = async () => {
      if (busy) { again = true; return; }
      busy = true;
      do {
        again = false;
        try {
          const { src, alt } = await frame(position());
          image.src = src;
          image.alt = alt;
          spoken.textContent = alt;
        } catch (error) {
          spoken.textContent = String(error.message || error);
        }
      } while (again);
      busy = false;
    };

    sliders.forEach((slider, i) => {
      slider.disabled = false;
      name(i);
      slider.addEventListener("input", () => { name(i); show(); });
    });
  };

  book.attach = (root) =>
    root.querySelectorAll("figure.pnn-explore:not([data-ready])").forEach(attachOne);

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => book.attach(document));
  } else {
    book.attach(document);
  }
})();
