/* A page opened from disk may start no worker, and the search runs in one: here it runs in a hidden frame. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.title = "search";
      this.begun = new Promise((begin) => {
        const start = () => {
          document.body.append(this.frame);
          const inside = this.frame.contentWindow;
          inside.postMessage = (data) => this.answer(data);
          const script = inside.document.createElement("script");
          script.src = new URL(url, document.baseURI).href;
          script.onload = () => begin(inside);
          inside.document.body.append(script);
        };
        document.body ? start() : addEventListener("DOMContentLoaded", start);
      });
    }
    answer(what) {
      const data = structuredClone(what);
      const said = new MessageEvent("message", { data });
      this.dispatchEvent(said);
      if (this.onmessage) this.onmessage(said);
    }
    postMessage(what) {
      const data = structuredClone(what);
      this.begun.then((inside) => {
        const said = new inside.MessageEvent("message", { data });
        inside.dispatchEvent(said);
      });
    }
    terminate() {
      this.frame.remove();
    }
  };
}
