// Brings what changes on a page, and says so when no news come. A page is whole without it.

const QUIET_MS = 15000;
const AGAIN_MS = 30000;
const SENT_MS = 5000;

// A reader of screens hears the verdict when it changes, not at each piece of news.
function say(part) {
  const said = document.querySelector("[data-said]");
  const verdict = part.querySelector(".verdict p")?.textContent.trim();
  if (said && verdict && said.dataset.before !== verdict) {
    if (said.dataset.before) said.textContent = verdict;
    said.dataset.before = verdict;
  }
}

// Whether somebody has typed what would be lost with the page.
function typed() {
  return [...document.querySelectorAll("input:not([type=hidden]), textarea")].some((one) => one.value !== one.defaultValue);
}

// Nobody is signed in any more: the page shows that, but what was typed stays where it is told so.
function ended() {
  const over = document.querySelector("[data-over]");
  if (!over || !typed()) return location.reload();
  document.querySelectorAll("[data-stale], [data-full]").forEach((one) => { one.hidden = true; });
  over.hidden = false;
}

// A stream that was refused does not say why: ask once, to tell "too many pages are open" from a server that is away; then try again.
async function refused(part) {
  const stale = document.querySelector("[data-stale]");
  const full = document.querySelector("[data-full]");
  const asking = new AbortController();
  let status = 0;
  try {
    const answer = await fetch(part.dataset.live, { signal: asking.signal });
    if (answer.redirected) return ended();
    status = answer.status;
  } catch {
    // it is away
  }
  asking.abort();
  if (full) full.hidden = status !== 429;
  if (stale) stale.hidden = Boolean(full) && status === 429;
  setTimeout(() => live(part), AGAIN_MS);
}

function live(part) {
  const stale = document.querySelector("[data-stale]");
  const full = document.querySelector("[data-full]");
  let timer;
  const heard = () => {
    clearTimeout(timer);
    if (stale) stale.hidden = true;
    if (full) full.hidden = true;
    timer = setTimeout(() => { if (stale) stale.hidden = false; }, QUIET_MS);
  };
  const source = new EventSource(part.dataset.live);
  source.addEventListener("part", (event) => {
    heard();
    // Whoever stands on a link of the part with the keyboard stands there afterwards, too.
    const held = part.contains(document.activeElement) ? document.activeElement.dataset.keep : undefined;
    part.innerHTML = JSON.parse(event.data).html;
    if (held) part.querySelector(`[data-keep="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    say(part);
  });
  source.addEventListener("same", heard);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(timer);
    refused(part);
  });
  source.addEventListener("over", () => {
    source.close();
    clearTimeout(timer);
    ended();
  });
  if (!full || full.hidden) heard();
}

// A form that was sent is not sent again by a key that is pressed twice or held down: what the first one showed once would be lost with its page. What
// is answered with a file leaves the page as it is, and its form can be sent again after a while.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, SENT_MS);
});
addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; }));

document.querySelectorAll("[data-live]").forEach(live);
