// Brings what changes on a page, and says so when no news come. A page is whole without it.

const QUIET_MS = 15000;

// A reader of screens hears the verdict when it changes, not at each piece of news.
function say(part) {
  const said = document.querySelector("[data-said]");
  const verdict = part.querySelector(".verdict p").textContent.trim();
  if (said && said.dataset.before !== verdict) {
    if (said.dataset.before) said.textContent = verdict;
    said.dataset.before = verdict;
  }
}

function live(part) {
  const stale = document.querySelector("[data-stale]");
  let timer;
  const heard = () => {
    clearTimeout(timer);
    if (stale) stale.hidden = true;
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
  source.addEventListener("over", () => {
    source.close();
    location.reload();
  });
  heard();
}

document.querySelectorAll("[data-live]").forEach(live);
