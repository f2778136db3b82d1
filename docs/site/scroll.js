/* What scrolls can be reached by keyboard: tables wider than the page become stops of the Tab key. */
const stops = () => {
  for (const one of document.querySelectorAll(".md-typeset table, .md-typeset pre > code")) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
};
addEventListener("load", stops);
addEventListener("resize", stops);
