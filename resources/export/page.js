"use strict";
// Shows the numbers of the token that is pointed at or focused. Text enters the page as text only.
(() => {
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const panel = document.getElementById("panel");
  const words = Array.from(document.querySelectorAll("span[data-tokens]"));
  const places = new Map(words.map((word, place) => [word, place]));
  let current = null; // the word whose numbers are shown
  let stop = words[0]; // the word at which the Tab key stops

  const make = (name, text, parent) => {
    const made = document.createElement(name);
    made.textContent = text;
    parent.append(made);
    return made;
  };
  const visible = (text, id) =>
    text ? text.replace(/ /g, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥") : "control " + id;
  const share = (value) => (value > 0 && value < 0.001 ? value.toExponential(0) : value.toFixed(3));

  const facts = ([, id, probability, logprob, sampled, rank, entropy, tail, source]) => [
    ["Probability", probability === null ? "—" : share(probability)],
    ["Logprob", logprob === null ? "—" : logprob.toFixed(3)],
    ["After sampling", sampled === null ? "—" : share(sampled)],
    ["Rank", rank === null ? "—" : String(rank)],
    ["Entropy", entropy === null ? "—" : entropy.toFixed(2) + " bits"],
    ["Other tokens", tail === null ? "—" : share(tail)],
    ["Source", source],
    ["Id", String(id)],
  ];

  const describe = (row) => {
    make("h2", visible(row[0], row[1]), panel);
    const list = make("dl", "", panel);
    for (const [name, value] of facts(row)) {
      make("dt", name, list);
      make("dd", value, list);
    }
    const table = make("table", "", panel);
    for (const [text, id, probability] of row[9]) {
      const line = make("tr", "", table);
      make("td", visible(text, id), line);
      const meter = make("meter", "", make("td", "", line));
      meter.value = probability;
      meter.setAttribute("aria-label", share(probability));
      make("td", share(probability), line);
    }
  };

  const show = (word) => {
    if (!word || word === current) return;
    if (current) current.classList.remove("on");
    current = word;
    word.classList.add("on");
    panel.replaceChildren();
    for (const number of word.dataset.tokens.split(" ")) describe(rows[Number(number)]);
  };

  const go = (place) => {
    const word = words[place];
    if (!word) return;
    stop.tabIndex = -1;
    stop = word;
    stop.tabIndex = 0;
    stop.focus();
  };

  const wordOf = (event) =>
    event.target instanceof Element ? event.target.closest("span[data-tokens]") : null;
  document.addEventListener("mouseover", (event) => show(wordOf(event)));
  document.addEventListener("focusin", (event) => show(wordOf(event)));
  document.addEventListener("keydown", (event) => {
    const place = places.get(wordOf(event));
    const next = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: words.length - 1 };
    if (place === undefined || !(event.key in next)) return;
    event.preventDefault();
    go(next[event.key]);
  });
  if (stop) stop.tabIndex = 0;
})();
