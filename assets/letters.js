/* Dead letters: how many there are, in the menu of those who may read them; and what a person does on their page.

   What is wanted goes into one store, dead-letters-signal, which one server callback answers with the list anew. Every
   button says in data-letter-act what it does; nothing here decides what may be done. */
(function () {
  "use strict";

  const COUNT = "/analytics/events/dead-letters?limit=1";
  const LOOK_EVERY = 60000;
  const LOOK_EVERY_HERE = 5000; // on the page itself
  const ANSWER_WITHIN = 10000;
  const FOR_GOOD = { discard: true, discard_all: true };

  let wishes = 0;
  let wanted = null;     // the wish that is not answered yet, {n, at, place}
  let state = null;      // what the list on the page stands for: {total, newest, until, limit}
  let asking = null;     // what is to be confirmed, {act, id}
  let lookedAt = 0;
  let refused = false;   // the session has ended, or its role has changed

  const element = (id) => document.getElementById(id);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  const busy = () => wanted !== null && Date.now() - wanted.at < ANSWER_WITHIN;

  // ---- How many ----

  function tell(total) {
    const avatar = element("avatar");
    const text = total > 99 ? "99+" : String(total);
    const who = avatar.title.split(",")[0];
    setProps("dead-letters-count", { children: text, hidden: !total });
    setProps("dead-letters-dot", { children: total > 9 ? "9+" : text, hidden: !total });
    const also = total ? ", " + total + (total === 1 ? " dead letter" : " dead letters") : "";
    setProps("avatar", { title: who + also, "aria-label": "Signed in as " + who + also });
  }

  function isDue() {
    const here = element("dead-letters");
    const due = Date.now() - lookedAt >= (here ? LOOK_EVERY_HERE : LOOK_EVERY);
    const live = document.documentElement.dataset.connection === "live";
    return due && live && !refused && !document.hidden && !busy() && element("dead-letters-dot");
  }

  async function look() {
    if (!isDue()) return;
    lookedAt = Date.now();
    const answer = await fetch(COUNT, { cache: "no-store" }).catch(() => null); // no network: the next look will tell
    if (!answer || !answer.ok) {
      refused = answer !== null && (answer.status === 401 || answer.status === 403);
      return;
    }
    const { total, dead_letters: [newest] } = await answer.json();
    tell(total);
    const moved = state && (state.total !== total || state.newest !== (newest ? newest.id : null));
    if (moved && element("dead-letters") && !busy()) want("look");
  }

  // ---- What is wanted ----

  function want(act, more) {
    if (busy()) return;
    wishes += 1;
    wanted = { n: wishes, at: Date.now(), place: placeOfFocus() };
    const { limit = 50, until = 0 } = state || {};
    setProps("dead-letters-signal", { data: { n: wishes, act, limit, until, ...more } });
  }

  /* Which row the keyboard is in: it goes on there when the row is gone. */
  function placeOfFocus() {
    const row = document.activeElement && document.activeElement.closest("tr[data-letter]");
    return row ? [...row.parentElement.children].indexOf(row) : null;
  }

  function ask(act, button) {
    asking = { act, id: button.dataset.letterId };
    const dialog = element("dead-letters-confirm");
    dialog.querySelector("[data-what]").textContent =
      act === "discard" ? button.dataset.name : state.total + " events";
    dialog.showModal();
  }

  function confirmed() {
    close();
    want(asking.act, asking.id ? { id: asking.id } : {});
  }

  function close() {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  }

  const acts = {
    open: (id) => setProps("dead-letter-asked", { data: { n: (wishes += 1), id } }),
    replay: (id) => { close(); want("replay", { id }); },
    replay_all: () => want("replay_all"),
    more: () => want("look", { limit: Math.min(1000, state.limit + 50) }),
    close,
    confirmed,
  };

  function onClick(event) {
    if (event.target.matches("dialog")) return event.target.close(); // beside what is in it
    const button = event.target.closest("[data-letter-act]");
    const row = event.target.closest("tr[data-letter]");
    if (button && button.dataset.letterAct in FOR_GOOD) ask(button.dataset.letterAct, button);
    else if (button) acts[button.dataset.letterAct](button.dataset.letterId);
    else if (row && !String(window.getSelection())) acts.open(row.dataset.letter);
  }

  // ---- What has come ----

  /* Clientside callback on the state of the list. */
  function lettersShown(told) {
    const done = wanted && told && told.n === wanted.n ? wanted : null;
    if (done) wanted = null;
    if (!told || told.total === undefined) return ""; // it could not be read: what is listed stays
    state = told;
    lookedAt = Date.now();
    if (element("dead-letters-dot")) tell(told.total);
    if (done && done.place !== null) setTimeout(() => goOn(done.place));
    return String(told.n);
  }

  function goOn(place) {
    if (document.activeElement && document.activeElement !== document.body) return;
    const rows = document.querySelectorAll(".pb-letter-open");
    (rows[Math.min(place, rows.length - 1)] || element("dead-letters-title")).focus();
  }

  /* Clientside callback on the letter that was asked for. */
  function letterShown(children) {
    const dialog = element("dead-letter-dialog");
    if (children && children.length && !dialog.open) dialog.showModal();
    return "";
  }

  document.addEventListener("click", onClick);
  setInterval(look, 1000);

  const spaces = (window.dash_clientside = window.dash_clientside || {});
  spaces.pulseboard = Object.assign(spaces.pulseboard || {}, { lettersShown, letterShown });
})();
