// A chart as a picture that may leave the page: its title above, whence and as of when below.
// It is put together in the browser from what is drawn there; nothing is sent anywhere.

const WIDE = 7.2; // average width of a letter at 14 px, in px

const escaped = (text) =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

function lines(text, width, size) {
  const most = Math.max(20, Math.floor((width - 24) / (WIDE * size / 14)));
  const found = [""];
  for (const word of text.split(/\s+/)) {
    const last = found[found.length - 1];
    if (last && last.length + word.length + 1 > most) found.push(word);
    else found[found.length - 1] = last ? `${last} ${word}` : word;
  }
  return found;
}

function block(texts, top, size, weight, ink) {
  return texts.map((text, row) =>
    `<text x="12" y="${top + (row + 1) * size * 1.35}" font-family="Arial, Helvetica, sans-serif" ` +
    `font-size="${size}" font-weight="${weight}" fill="${ink}">${escaped(text)}</text>`).join("");
}

function picture(chart, data) {
  const layers = [...chart.querySelectorAll("svg.main-svg")];
  const width = layers[0].clientWidth || Number(layers[0].getAttribute("width"));
  const height = layers[0].clientHeight || Number(layers[0].getAttribute("height"));
  const title = lines(data.title, width, 18);
  const source = lines(data.source, width, 11);
  const head = title.length * 18 * 1.35 + 16;
  const foot = source.length * 11 * 1.35 + 16;
  const drawn = layers.map((layer) => {
    const copy = layer.cloneNode(true);
    copy.setAttribute("x", "0");
    copy.setAttribute("y", String(head));
    copy.style.position = "";
    copy.style.background = "none";
    return new XMLSerializer().serializeToString(copy);
  }).join("");
  const all = head + height + foot;
  const text = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `width="${width}" height="${all}" viewBox="0 0 ${width} ${all}" role="img">` +
    `<title>${escaped(data.title)}</title><desc>${escaped(data.summary)}</desc>` +
    `<rect width="100%" height="100%" fill="${data.ground}"/>` +
    block(title, 4, 18, "bold", data.ink) + drawn +
    block(source, head + height + 2, 11, "normal", data.ink) + "</svg>";
  return { text, width, height: all };
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function saveAsPng(made, name) {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = made.width * 2;
    canvas.height = made.height * 2;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, name), "image/png");
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(made.text)}`;
}

export default function (component) {
  const { parentElement, data } = component;
  const say = parentElement.querySelector("[role=status]");
  for (const button of parentElement.querySelectorAll("button")) {
    const kind = button.dataset.kind;
    button.setAttribute("aria-label", `${data.title} Download the chart as ${kind.toUpperCase()}`);
    button.onclick = () => {
      const chart = document.querySelector(`.st-key-chart-${CSS.escape(data.name)} .js-plotly-plot`);
      if (!chart) {
        say.textContent = "The chart is not drawn yet. Wait until it is and press again.";
        return;
      }
      say.textContent = "";
      const made = picture(chart, data);
      if (kind === "svg") save(new Blob([made.text], { type: "image/svg+xml" }), `${data.name}.svg`);
      else saveAsPng(made, `${data.name}.png`);
    };
  }
}
