// The desk, a little quicker than without: news of card and case, no form sent twice, the keys of a clerk. Every page is whole without it.

const QUIET_MS = 15000;
const LATE_MS = 12000;

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
  setTimeout(() => { wait.querySelector("[data-late]").hidden = false; }, LATE_MS);
}

// Whether the clerk has typed something that a new page would lose.
function typing() {
  return [...document.querySelectorAll("main input:not([type=hidden]), main select")]
    .some((field) => (field.matches("select") ? [...field.options].some((one) => one.selected !== one.defaultSelected && one.selected) : field.value !== field.defaultValue));
}

function versionOf(part) {
  return part.querySelector("[data-version]")?.dataset.version;
}

function live(part) {
  const stale = document.querySelector("[data-desk-stale]");
  const known = versionOf(part);
  let timer;
  const heard = () => {
    clearTimeout(timer);
    if (stale) stale.hidden = true;
    timer = setTimeout(() => { if (stale) stale.hidden = false; }, QUIET_MS);
  };
  const source = new EventSource(part.dataset.deskLive);
  source.addEventListener("part", (event) => {
    heard();
    const fresh = document.createElement("template");
    fresh.innerHTML = JSON.parse(event.data).html;
    if (fresh.content.textContent.trim() !== part.textContent.trim() || !("reloads" in part.dataset)) part.replaceChildren(fresh.content);
    const goto = part.querySelector("[data-goto]");
    if (goto && !typing()) {
      source.close();
      location.assign(goto.dataset.goto);
      return;
    }
    if ("reloads" in part.dataset && versionOf(part) !== known) {
      if (typing()) document.querySelector("[data-newer]").hidden = false;
      else if (!document.querySelector("[data-sent]")) location.reload();
    }
  });
  source.addEventListener("same", heard);
  source.addEventListener("over", () => {
    source.close();
    location.reload();
  });
  addEventListener("pagehide", () => source.close());
  heard();
}

addEventListener("submit", sent);
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !typing() && !event.defaultPrevented) {
    const home = document.querySelector("[data-home]");
    if (home && home.pathname !== location.pathname) location.assign(home.href);
  }
});
document.querySelectorAll("[data-desk-live]").forEach(live);
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
