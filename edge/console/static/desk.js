// The desk, a little quicker than without: news of card and case, no form sent twice, the keys of a clerk. Every page is whole without it.

const QUIET_MS = 15000;
const LATE_MS = 12000;
const AGAIN_MS = 30000;
const SOON_MS = 1000;
const FOLDED = "pishkhan.folded";
const FOLDED_MAX = 100;

// A form that was sent is not sent again; what is waited for is said, and when it takes too long that is said too.
function sent(event) {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const wait = document.querySelector("[data-wait]");
  if (!wait || form.classList.contains("tongues")) return;
  setTimeout(() => { wait.hidden = false; }, 250);
  setTimeout(() => {
    const late = wait.querySelector("[data-late]");
    late.hidden = false;
    late.querySelector("[data-anew]").focus();
  }, LATE_MS);
}

// Whether the clerk has typed something that a new page would lose. A list that says none of its choices is the usual one has its first.
function typing() {
  const chosen = (list) => list.selectedOptions[0] !== ([...list.options].find((one) => one.defaultSelected) ?? list.options[0]);
  return [...document.querySelectorAll("main input:not([type=hidden]), main select")]
    .some((field) => (field.matches("select") ? chosen(field) : field.value !== field.defaultValue));
}

// Whether a form was sent, and the page that follows is on its way: nothing else may lead away from here now.
function leaving() {
  return document.querySelector("[data-sent]") !== null;
}

function versionOf(part) {
  return part.querySelector("[data-version]")?.dataset.version;
}

// Which of the things is said about news that do not come: "" none, "stale" the gateway is away, "full" too many pages are open, "over" nobody is signed in.
function quiet(why) {
  for (const name of ["stale", "full", "over"]) {
    const said = document.querySelector(`[data-desk-${name}]`);
    if (said) said.hidden = name !== why;
  }
}

// Nobody is signed in any more, or this is no desk: the page shows that, but what is typed stays where it is told so.
function ended() {
  if (leaving()) return;
  if (typing()) quiet("over");
  else location.reload();
}

// What a stream is answered with now; nothing: the gateway is away. A stream itself does not say why it was refused.
async function asked(part) {
  const asking = new AbortController();
  try {
    return await fetch(part.dataset.deskLive, { signal: asking.signal });
  } catch {
    return null;
  } finally {
    asking.abort();
  }
}

// A stream was refused: say why, and try again.
async function refused(part, known) {
  const answer = await asked(part);
  if (answer?.redirected) return ended();
  quiet(answer?.status === 429 ? "full" : "stale");
  setTimeout(() => live(part, known), AGAIN_MS);
}

// The page as it is now in the place of what is shown, unless the clerk types meanwhile: a page that loads anew would lose the first keys. `leave` ends the old one's news.
async function renew(leave) {
  const answer = await fetch(location.href).catch(() => null);
  const whole = answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  if (leaving()) return;
  if (typing()) {
    document.querySelector("[data-newer]").hidden = false;
    return;
  }
  if (!whole?.querySelector("main [data-newer]")) return location.reload(); // the case is no more to be seen, or nobody is signed in
  leave();
  for (const shown of ["main", ".desk-bar"]) document.querySelector(shown).replaceChildren(...whole.querySelector(shown).childNodes);
  begin();
}

// What the news say of other places of the page. Whoever stands on a link there stays on it; where it has gone, the page's first field has the focus again.
function place(fresh) {
  for (const one of fresh.content.querySelectorAll("[data-region]")) {
    one.remove();
    const shown = document.querySelector(`[data-region="${one.dataset.region}"]`);
    if (!shown || shown.innerHTML === one.innerHTML) continue;
    const held = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    shown.replaceChildren(...one.childNodes);
    if (held) ([...shown.querySelectorAll("a")].find((link) => link.getAttribute("href") === held) ?? document.querySelector("main [autofocus]"))?.focus();
  }
}

function live(part, known = versionOf(part)) {
  let timer;
  let renewing;
  const heard = () => {
    clearTimeout(timer);
    quiet("");
    timer = setTimeout(() => quiet("stale"), QUIET_MS);
  };
  const source = new EventSource(part.dataset.deskLive);
  source.addEventListener("part", (event) => {
    heard();
    const fresh = document.createElement("template");
    fresh.innerHTML = JSON.parse(event.data).html;
    place(fresh);
    const moved = "reloads" in part.dataset && versionOf(fresh.content) !== known; // also where its words are the same
    if (fresh.content.textContent.trim() !== part.textContent.trim() || !("reloads" in part.dataset)) part.replaceChildren(fresh.content);
    const goto = part.querySelector("[data-goto]");
    if (leaving()) return;
    if (goto && !typing()) {
      source.close();
      location.assign(goto.dataset.goto);
      return;
    }
    if (moved) {
      if (typing()) document.querySelector("[data-newer]").hidden = false;
      else if (!renewing) {
        renewing = renew(() => {
          clearTimeout(timer);
          source.close();
        }).finally(() => { renewing = undefined; });
      }
    }
  });
  source.addEventListener("same", heard);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    clearTimeout(timer);
    refused(part, known);
  });
  source.addEventListener("over", () => {
    source.close();
    clearTimeout(timer);
    if (leaving()) return;
    if (!typing()) return location.reload();
    setTimeout(async () => ((await asked(part))?.redirected ? ended() : live(part, known)), SOON_MS); // another day has begun perhaps
  });
  addEventListener("pagehide", () => source.close());
  timer = setTimeout(() => quiet("stale"), QUIET_MS);
}

// Items as one types: arrows go through them, Enter takes the one that is marked, Escape closes them. What is typed is sent as it is while none is marked.
// What is shown may be of what was typed a key ago: none of that is taken, and an arrow waits for what comes.
function choose(field) {
  const list = document.getElementById("choices");
  let asked = 0;
  let timer;
  let shown = "";
  let wanted = false;
  const marked = () => list.querySelector('[aria-selected="true"]');
  const mark = (one) => {
    marked()?.removeAttribute("aria-selected");
    one?.setAttribute("aria-selected", "true");
    one?.scrollIntoView({ block: "nearest" });
    if (one) field.setAttribute("aria-activedescendant", one.id);
    else field.removeAttribute("aria-activedescendant");
  };
  const show = (open) => {
    list.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    if (!open) mark(null);
  };
  const take = (one) => {
    clearTimeout(timer);
    asked += 1;
    field.value = one.dataset.code;
    show(false);
  };
  const look = async () => {
    const mine = ++asked;
    const typed = field.value.trim();
    const answer = typed ? await fetch(`${field.dataset.choose}?q=${encodeURIComponent(typed)}`).catch(() => null) : null;
    const html = answer?.ok && !answer.redirected ? await answer.text() : "";
    if (mine !== asked || document.activeElement !== field) return;
    list.innerHTML = html;
    shown = typed;
    show(list.children.length > 0 && !(list.children.length === 1 && list.firstElementChild.dataset.code === typed.toUpperCase()));
    if (wanted && !list.hidden) mark(list.firstElementChild);
    wanted = false;
  };
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": "choices", "aria-expanded": "false" })) field.setAttribute(name, value);
  field.addEventListener("input", () => {
    clearTimeout(timer);
    wanted = false;
    mark(null);
    timer = setTimeout(look, 80);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const all = [...list.children];
    const at = all.indexOf(marked());
    if (["ArrowDown", "ArrowUp"].includes(event.key) && shown !== field.value.trim()) wanted = true;
    else if (event.key === "ArrowDown") mark(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") mark(all[(at <= 0 ? all.length : at) - 1]);
    else if (event.key === "Enter" && at >= 0) take(all[at]);
    else if (event.key === "Enter" && wanted); // what it would take is not there yet
    else if (event.key === "Escape") show(false);
    else return;
    event.preventDefault();
  });
  field.addEventListener("blur", () => {
    asked += 1;
    show(false);
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const one = event.target.closest("li");
    if (one) take(one);
  });
}

// What this browser's clerk has folded away: names of what was told, the last ones. Where nothing can be kept, it is told anew on each page.
function folded() {
  try {
    const kept = JSON.parse(localStorage.getItem(FOLDED));
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

// A notice stays folded away as long as it has the same name: it has another one when something has become of what it tells.
function fold(notice) {
  const name = notice.dataset.fold;
  notice.open = !folded().includes(name);
  notice.addEventListener("toggle", () => {
    const others = folded().filter((one) => one !== name);
    try {
      localStorage.setItem(FOLDED, JSON.stringify((notice.open ? others : [...others, name]).slice(-FOLDED_MAX)));
    } catch {
      // it is told anew on the next page
    }
  });
}

addEventListener("submit", sent);
addEventListener("click", (event) => {
  if (event.target.closest("[data-anew]")) location.reload();
});
// A key that is held down presses one button, and none of the pages that follow.
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.repeat) event.preventDefault();
}, true);
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !typing() && !event.defaultPrevented) {
    const home = document.querySelector("[data-home]");
    if (home && home.pathname !== location.pathname) location.assign(home.href);
  }
});
// The first field has the focus at once: a browser gives it when it draws the page, and would lose the keys until then.
function begin() {
  if (document.activeElement === document.body) document.querySelector("main [autofocus]")?.focus();
  document.querySelectorAll("[data-desk-live]").forEach((part) => live(part));
  document.querySelectorAll("[data-choose]").forEach(choose);
  document.querySelectorAll("[data-fold]").forEach(fold);
  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
}
begin();
