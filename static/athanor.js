"use strict";

// Enhancements only: every page works without this file.

document.documentElement.classList.remove("no-js");

function addCopyButtons(root) {
  if (!navigator.clipboard) return;
  for (const pre of root.querySelectorAll("pre[data-copy]")) {
    if (pre.parentElement.querySelector("button.copy")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy btn btn-sm btn-outline-secondary";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + pre.dataset.copy);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    pre.parentElement.append(button);
  }
}

document.addEventListener("DOMContentLoaded", () => addCopyButtons(document));

// Of the parameters that belong to values of a choice, those of the chosen value are shown.
function followChoice(node) {
  const choice = node.querySelector(":scope > .form-group select");
  const branches = node.querySelectorAll(":scope > [data-when]");
  if (!choice || !branches.length) return;
  const show = () => {
    for (const branch of branches) {
      branch.hidden = branch.dataset.when !== choice.value && !branch.querySelector(".is-invalid");
    }
  };
  choice.addEventListener("change", show);
  show();
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".task-node").forEach(followChoice));

// A log that is read at its end stays at its end.
document.addEventListener("htmx:afterSettle", (event) => {
  const log = event.target.closest && event.target.closest("pre.log");
  if (log && log.dataset.follow !== "no") log.scrollTop = log.scrollHeight;
});
document.addEventListener("scroll", (event) => {
  const log = event.target;
  if (!(log instanceof Element) || !log.matches("pre.log")) return;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  log.dataset.follow = atEnd ? "yes" : "no";
}, true);
