"use strict";
// Shows what data.json (served) or data.js (from a folder) says, and asks again while the run goes on. Cards are changed
// in place, so that focus, scrolling and videos stay. Texts come from outside: they are only ever set as text.

(() => {
  const STATES = ["waiting", "rendering", "joining", "done", "failed"];
  const MOST_PLAYERS = 3; // each open video may hold a connection, of which a browser has six
  const FPS = 30;
  const cards = new Map();
  const players = [];
  const at = (id) => document.getElementById(id);
  let asked = 0, timer = 0, made = 0, fromFolder = location.protocol === "file:", shown = null;
  let filter = "all", words = [];

  function set(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function number(value) {
    return value.toLocaleString("en");
  }

  function part(done, frames) {
    return frames > 0 ? Math.min(done / frames, 1) : 0;
  }

  function clock(seconds) {
    const moment = new Date(seconds * 1000);
    const day = moment.toDateString() === new Date().toDateString() ? "" : `${moment.toLocaleDateString()} `;
    return day + moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }

  function length(frames) {
    const seconds = Math.round(frames / FPS);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  // ---- the run

  function showRun(run, all, when) {
    const count = (state) => all.filter((card) => card.state === state).length;
    const percent = Math.floor(100 * part(run.done, run.frames));
    const scenes = run.kind === "face" ? "faces" : "scenes";
    document.title = `${run.state === "running" ? `${percent} %` : run.state} - ${run.id}`;
    document.body.dataset.kind = run.kind;
    set(at("job"), run.job.split(/[\\/]/).pop() || run.id);
    set(at("run"), run.id);
    badge(at("state"), run.state);
    const bar = at("bar");
    bar.value = part(run.done, run.frames);
    set(bar, `${percent} %`);
    set(at("frames"), `${number(run.done)} of ${number(run.frames)}`);
    set(at("done"), `${count("done")} of ${all.length}`);
    set(at("failed"), String(count("failed")));
    at("failed").classList.toggle("bad", count("failed") > 0);
    const runs = run.state === "running";
    for (const name of ["speed", "left"]) at(name).parentElement.hidden = !runs;
    set(at("kind"), run.kind === "face" ? "Faces done" : "Scenes done");
    set(at("speed"), run.fps ? `${run.fps.toFixed(1)} frames/s` : "–");
    set(at("left"), run.left || "not known yet");
    set(at("made"), clock(when));
    const problem = run.problem || (run.waits ? `Waiting: ${run.waits}` : "");
    at("problem").hidden = !problem;
    set(at("problem"), problem);
    at("more").hidden = !(run.command || run.workers.length);
    set(at("command"), run.command);
    const lines = run.workers.map(([name, doing]) => `${name}: ${doing}`);
    const list = at("workers");
    while (list.childElementCount > lines.length) list.lastElementChild.remove();
    while (list.childElementCount < lines.length) list.append(document.createElement("li"));
    lines.forEach((line, n) => set(list.children[n], line));
    // Told aloud when a scene ends, not with every frame.
    set(at("told"), `Run ${run.state}: ${count("done")} of ${all.length} ${scenes} done, ${count("failed")} failed`);
    for (const state of ["all", ...STATES]) {
      const size = state === "all" ? all.length : count(state);
      set(at(`count-${state}`), String(size));
      at(`chip-${state}`).classList.toggle("none", size === 0);
    }
  }

  function badge(element, state) {
    set(element, state);
    element.dataset.state = state;
  }

  // ---- cards

  function makeCard(name) {
    const item = at("card").content.firstElementChild.cloneNode(true);
    const find = (selector) => item.querySelector(selector);
    const card = {
      item, name, told: "", data: null, player: null,
      view: find(".view"), image: find("img"), nothing: find(".nothing"), play: find(".play"), title: find("h2"),
      badge: find(".badge"), bar: find("progress"), count: find(".count"), about: find(".about"),
      play_text: find(".play-text"), problem: find(".words > .problem"), log: find(".log"), file: find(".file"),
    };
    card.title.id = `card-${made++}`;
    find("article").setAttribute("aria-labelledby", card.title.id);
    set(card.title, name);
    card.bar.setAttribute("aria-label", `Frames of ${name}`);
    card.play.setAttribute("aria-label", `Play ${name}`);
    card.play.addEventListener("click", () => open(card));
    const log = find("pre");
    card.log.addEventListener("toggle", () => { log.scrollTop = log.scrollHeight; }); // what broke is told last
    return card;
  }

  function showCard(card, data) {
    const told = JSON.stringify(data);
    if (told === card.told) return;
    card.told = told;
    card.data = data;
    badge(card.badge, data.state);
    card.item.dataset.state = data.state;
    card.bar.hidden = data.frames === 0;
    card.bar.value = part(data.done, data.frames);
    const count = data.state === "done" ? `${number(data.frames)} frames` : `${number(data.done)} of ${number(data.frames)} frames`;
    const more = [data.left && `about ${data.left} left`, data.state === "done" && data.spent && `rendered in ${data.spent}`,
      data.failed_tries > 0 && `${data.failed_tries} failed ${data.failed_tries === 1 ? "try" : "tries"}`];
    set(card.count, data.frames > 0 ? [count, ...more].filter(Boolean).join(" · ") : "");
    const actors = data.actors.length ? `${data.actors.length > 1 ? "Actors" : "Actor"} ${data.actors.join(" and ")}` : "";
    set(card.about, [actors, data.relationship, data.emotion].filter(Boolean).join(" · "));
    card.play_text.hidden = !(data.characters || data.text);
    set(card.play_text.querySelector("summary"), data.characters || "Scenario");
    set(card.play_text.querySelector("p"), data.text || "");
    card.problem.hidden = !data.problem;
    set(card.problem, data.problem);
    card.log.hidden = data.log.length === 0;
    set(card.log.querySelector("summary"), `Last ${data.log.length} lines of its log`);
    set(card.log.querySelector("pre"), data.log.join("\n"));
    card.log.querySelector("pre").setAttribute("aria-label", `Log of ${card.name}`);
    card.nothing.hidden = Boolean(data.picture);
    set(card.nothing, data.state === "failed" ? "No frame" : "No frame yet");
    if (data.picture && card.image.getAttribute("src") !== data.picture) card.image.src = data.picture;
    card.image.hidden = !data.picture;
    card.image.alt = data.picture ? `${data.state === "done" ? "A" : "Newest"} frame of ${card.name}` : "";
    set(card.play.querySelector(".length"), length(data.frames));
    card.play.hidden = !data.video || card.player !== null;
    card.file.hidden = !data.video;
    if (data.video) card.file.setAttribute("href", data.video);
    card.file.setAttribute("aria-label", `Open the video file of ${card.name}`);
    card.words = [data.name, ...data.actors, data.relationship, data.emotion, data.characters, data.text, data.state, data.problem]
      .join(" ").toLowerCase();
  }

  function open(card) {
    const video = document.createElement("video");
    video.controls = true;
    video.preload = "none";
    video.playsInline = true;
    video.poster = card.data.picture;
    video.src = card.data.video;
    video.setAttribute("aria-label", `Video of ${card.name}`);
    video.addEventListener("play", () => {
      for (const other of players) if (other !== card) other.player.pause();
    });
    video.addEventListener("error", () => {
      if (card.player !== video) return;
      close(card);
      card.problem.hidden = false;
      set(card.problem, "This browser cannot play the video; open its file instead.");
    });
    card.player = video;
    card.play.hidden = true;
    card.view.append(video);
    players.push(card);
    if (players.length > MOST_PLAYERS) close(players[0]);
    video.focus();
    video.play().catch(() => {}); // its error event says what there is to say
  }

  function close(card) {
    players.splice(players.indexOf(card), 1);
    card.player.removeAttribute("src");
    card.player.load();
    card.player.remove();
    card.player = null;
    card.play.hidden = !card.data.video;
  }

  // ---- filter and search

  function choose() {
    let seen = 0;
    for (const card of cards.values()) {
      const fits = (filter === "all" || card.data.state === filter) && words.every((word) => card.words.includes(word));
      if (card.item.hidden === fits) card.item.hidden = !fits;
      seen += fits;
    }
    at("empty").hidden = seen > 0 || shown === null;
    set(at("empty"), cards.size === 0 ? "The run has no scenes." : seen > 0 ? "" : "No scene is like that.");
    // Kept in the address, so that reloading and bookmarks keep it.
    const kept = new URLSearchParams();
    if (filter !== "all") kept.set("state", filter);
    if (at("find").value) kept.set("find", at("find").value);
    const hash = kept.size ? `#${kept}` : "";
    if (location.hash !== hash && location.hash !== "#scenes") history.replaceState(null, "", hash || location.pathname + location.search);
  }

  function makeTools() {
    const kept = new URLSearchParams(location.hash.slice(1));
    if (STATES.includes(kept.get("state"))) filter = kept.get("state");
    for (const state of ["all", ...STATES]) {
      const label = document.createElement("label"), input = document.createElement("input");
      const text = document.createElement("span"), count = document.createElement("span");
      label.className = "chip";
      label.id = `chip-${state}`;
      label.dataset.state = state;
      input.type = "radio";
      input.name = "state";
      input.value = state;
      input.checked = state === filter;
      input.addEventListener("change", () => {
        filter = state;
        choose();
      });
      text.textContent = state;
      count.className = "size";
      count.id = `count-${state}`;
      count.textContent = "0";
      label.append(input, text, " ", count);
      at("states").append(label);
    }
    const find = at("find");
    find.value = kept.get("find") || "";
    const read = () => {
      words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      choose();
    };
    find.addEventListener("input", read);
    words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  }

  // ---- asking

  function show(data) {
    shown = data;
    const names = new Set(data.cards.map((card) => card.name));
    for (const [name, card] of cards) {
      if (names.has(name)) continue;
      if (card.player) close(card);
      card.item.remove();
      cards.delete(name);
    }
    const fresh = document.createDocumentFragment();
    for (const one of data.cards) {
      let card = cards.get(one.name);
      if (!card) {
        card = makeCard(one.name);
        cards.set(one.name, card);
        fresh.append(card.item);
      }
      showCard(card, one);
    }
    at("cards").append(fresh);
    showRun(data.run, data.cards, data.made);
    choose();
    at("lost").hidden = true;
    again(data.ask);
  }

  function lose() {
    at("lost").hidden = false;
    set(at("lost"), shown ? `The gallery is no longer there to ask; this is as of ${clock(shown.made)}.` : "The gallery's data cannot be read.");
    again(10);
  }

  function again(seconds) {
    clearTimeout(timer);
    if (seconds > 0) timer = setTimeout(ask, seconds * 1000);
  }

  async function ask() {
    asked = Date.now();
    if (fromFolder) return askFolder();
    try {
      const answer = await fetch("data.json", { cache: "no-cache" });
      if (answer.status === 404) {
        fromFolder = true; // a folder that another server serves
        return askFolder();
      }
      if (!answer.ok) throw new Error(answer.statusText);
      show(await answer.json());
    } catch {
      lose();
    }
  }

  function askFolder() {
    const script = document.createElement("script");
    script.src = `data.js?at=${asked}`;
    script.addEventListener("load", () => script.remove());
    script.addEventListener("error", () => {
      script.remove();
      lose();
    });
    document.head.append(script);
  }

  globalThis.interactGallery = show;
  document.addEventListener("visibilitychange", () => {
    // Browsers slow a hidden page's timers down.
    if (!document.hidden && shown && shown.ask > 0 && Date.now() - asked > shown.ask * 1000) ask();
  });
  makeTools();
  ask();
})();
