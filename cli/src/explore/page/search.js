// The list of operations. The server searches it, as `dyvms operations` does.
"use strict";

(() => {
  const input = document.getElementById("search");
  const count = document.getElementById("count");
  const list = document.getElementById("list");
  const texts = document.body.dataset;
  let latest = 0;

  // A text with the words marked, as nodes: nothing of it is read as HTML.
  function marked(text, words) {
    const nodes = [];
    const lower = text.toLowerCase();
    let done = 0;
    while (done < text.length) {
      const found = words
        .map((word) => ({ at: lower.indexOf(word, done), length: word.length }))
        .filter((place) => place.at >= 0)
        .sort((one, other) => one.at - other.at || other.length - one.length)[0];
      if (!found) break;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(found.at, found.at + found.length);
      nodes.push(text.slice(done, found.at), mark);
      done = found.at + found.length;
    }
    nodes.push(text.slice(done));
    return nodes;
  }

  function row(result, words) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.operation = result.operation;
    const name = document.createElement("b");
    name.append(...marked(result.operation, words));
    const what = document.createElement("span");
    what.append(...marked(result.what, words));
    button.append(name, what);
    button.addEventListener("click", () => {
      list.querySelector("[aria-current]")?.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
      // The list is there long before Swagger UI, which looks here when it is ready.
      window.selected = result;
      window.dispatchEvent(new Event("selected"));
    });
    return button;
  }

  // Without words, the operations have the order of their groups, with headings.
  function rows({ results, words }) {
    let group = null;
    return results.flatMap((result) => {
      if (words.length > 0 || result.group === group) return [row(result, words)];
      group = result.group;
      const heading = document.createElement("h3");
      heading.textContent = group;
      return [heading, row(result, words)];
    });
  }

  async function search() {
    const own = ++latest;
    const response = await fetch("/search?words=" + encodeURIComponent(input.value));
    const found = await response.json();
    // A slower response to an earlier input does not replace this one.
    if (own !== latest) return;
    count.textContent = found.results.length ? `${found.results.length} ${texts.found}` : texts.none;
    list.replaceChildren(...rows(found));
    list.scrollTop = 0;
  }

  input.addEventListener("input", search);
  document.addEventListener("keydown", (event) => {
    const isTyping = ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName);
    if (event.key === "/" && !isTyping) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Enter" && event.target === input) {
      list.querySelector("button")?.click();
    }
  });
  search();
})();
