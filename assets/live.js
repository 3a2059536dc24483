/* The page's side of the live connection (contract §7).

   It listens to the topics that the page names in #live-config, gathers what changed while the last answer was under
   way, and sets one signal, #live-signal, which one server callback answers by reading the widgets it names. By
   itself it shows only how the connection is (html[data-connection], #connection-state) and how old each figure is.

   `window.pulseboardLive` tells tests and the curious what it is doing. */
(function () {
  "use strict";

  const COALESCE = 50;          // ms between two signals at least; what changes meanwhile becomes one
  const RETRY_WITHIN = 4000;    // reconnecting waits a random time up to this, so that crowds spread
  const GIVE_UP_HANDSHAKE = 3000;
  const TRIES_BEFORE_POLLING = 3;
  const POLL_EVERY = 5000;
  const ANSWER_WITHIN = 10000;  // a signal whose callback has not answered by then is sent again, and figures are late
  const WAIT_WITHIN = 3000;     // and for so long the next one waits for it
  const DEAD_AFTER = 1.85;      // heartbeats: with the tick of a second, visible before the second one is overdue
  const SAID = { live: "Live", late: "Figures are late", reconnecting: "Reconnecting…", polling: "Polling" };

  const live = {
    state: "reconnecting", lastFrameAt: Date.now(), signals: 0, failures: 0, position: null, lastSignal: null,
  };
  window.pulseboardLive = live;

  let config = null;            // {ws_url, heartbeat_seconds, update_interval, topics, turns, since}
  let configText = "";
  let socket = null;
  let subscribed = false;
  let openedAt = 0;
  let retryTimer = null;
  let polledAt = 0;
  let checkedAt = Date.now();

  // ---- What changed, and the one signal for it ----

  const dirty = new Set();
  const unanswered = new Map(); // signal number -> {ids, at}: until #live-done shows that number
  let answered = -1;            // the number of the last signal that was
  let waitingSince = 0;         // since when nothing was answered though it should be; 0 when all was
  let reason = "";
  let flushTimer = null;
  let signalledAt = 0;

  const everything = () => Object.keys(config ? config.topics : {});

  function mark(ids, why) {
    for (const id of ids) dirty.add(id);
    if (!dirty.size) return;
    reason = why;
    if (flushTimer === null) flushTimer = setTimeout(flush, Math.max(0, signalledAt + COALESCE - Date.now()));
  }

  function flush() {
    flushTimer = null;
    const setProps = window.dash_clientside && window.dash_clientside.set_props;
    if (document.hidden || !dirty.size || !config) return;      // kept until somebody looks
    if (!setProps || busy()) {
      flushTimer = setTimeout(flush, COALESCE);
      return;
    }
    const ids = [...dirty].filter((id) => id in config.topics);
    dirty.clear();
    if (!ids.length) return;
    live.signals += 1;
    signalledAt = Date.now();
    live.lastSignal = { ids, n: live.signals, reason };
    unanswered.set(live.signals, { ids, at: signalledAt });
    waitingSince = waitingSince || signalledAt;
    setProps("live-signal", { data: live.lastSignal });
  }

  /* Which signals were answered: the number of the last stands in #live-done, 0 for the page's own first reading. */
  function settle() {
    const done = document.getElementById("live-done");
    const upTo = !done ? live.signals : done.textContent ? Number(done.textContent) : -1;
    for (const n of unanswered.keys()) if (n <= upTo) unanswered.delete(n);
    if (upTo > answered) waitingSince = unanswered.size ? Date.now() : 0;
    answered = upTo;
  }

  function busy() {
    settle();
    for (const { at } of unanswered.values()) if (Date.now() - at < WAIT_WITHIN) return true;
    return false;
  }

  function retryUnanswered(evenYoung) {
    settle();
    for (const [n, { ids, at }] of unanswered) {
      if (!evenYoung && Date.now() - at < ANSWER_WITHIN) continue;
      unanswered.delete(n);
      mark(ids, "retry");
    }
  }

  // ---- Which widgets a frame is about ----

  const alike = (one, other) => one === "*" || other === "*" || one === other;

  function matches(wanted, told) {
    const [metric, site] = wanted.split("@"), [toldMetric, toldSite] = told.split("@");
    return alike(metric, toldMetric) && alike(site, toldSite);
  }

  function concerned(change) {
    return everything().filter((id) => {
      const turns = config.turns && config.turns[id];
      if (change.turns && turns && !turns.some((turn) => change.turns.includes(turn))) return false;
      return config.topics[id].some((wanted) => change.topics.some((told) => matches(wanted, told)));
    });
  }

  // ---- The socket ----

  function send(type, data) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, data }));
  }

  function subscribe() {
    const topics = [...new Set(Object.values(config.topics).flat())].sort();
    const turns = [...new Set(Object.values(config.turns || {}).flat())];
    const since = live.position || config.since || undefined;
    if (subscribed) send("unsubscribe", { subscription_type: "dashboard" });
    subscribed = true;
    send("subscribe", { subscription_type: "dashboard", topics, turns, since });
  }

  function connect() {
    clearTimeout(retryTimer);
    retryTimer = null;
    if (!config || socket) return;
    const address = new URL(config.ws_url, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const mine = (socket = new WebSocket(address));
    openedAt = Date.now();
    subscribed = false;
    mine.onmessage = (message) => { if (mine === socket) hear(JSON.parse(message.data)); };
    mine.onclose = (event) => { if (mine === socket) lost(event.reason); };
  }

  function hear(frame) {
    live.lastFrameAt = Date.now();
    const answer = answers[frame.type];
    if (answer) answer(frame.data, frame.seq);
  }

  const answers = {
    system_status(data) {
      if (data.client_id) subscribe();
      else announce("message", data);
    },
    subscription_confirm(data) {
      if (!("recovered" in data)) return; // an answer to unsubscribing
      live.failures = 0;
      show("live");
      if (data.recovered) {
        if (live.position) retryUnanswered(true);
        else live.position = { ...config.since };
      } else {
        live.position = { epoch: data.epoch, seq: data.seq };
        unanswered.clear(); // what was asked for while the server was away is asked for again
        mark(everything(), "reload");
      }
    },
    invalidate(data, seq) {
      moveTo(seq);
      mark(concerned(data), data.cause);
    },
    heartbeat(_data, seq) {
      moveTo(seq);
      send("heartbeat", {});  // answered here and not by a timer: hidden tabs' timers are slowed down
    },
    dashboard_changed(data) { announce("dashboard", data); },
    alert_notification(data) { announce("alert", data); },
  };

  function moveTo(seq) {
    if (live.position && seq > live.position.seq) live.position.seq = seq;
  }

  function announce(kind, detail) {
    document.dispatchEvent(new CustomEvent("pulseboard:" + kind, { detail }));
  }

  function drop() {
    const old = socket;
    socket = null;
    if (old) old.close(); // may take its time when the network is gone; nobody waits for it
  }

  function lost(why) {
    socket = null;
    if (why === "signed out" || why === "access changed") return location.reload();
    live.failures = live.state === "live" ? 0 : live.failures + 1; // losing a connection is no failed try
    show(live.failures >= TRIES_BEFORE_POLLING ? "polling" : "reconnecting");
    if (live.failures && live.failures % TRIES_BEFORE_POLLING === 0) leaveIfSignedOut();
    if (retryTimer === null) retryTimer = setTimeout(connect, Math.random() * RETRY_WITHIN);
  }

  /* A refused handshake does not tell why; the page itself does, by sending strangers to the login. */
  function leaveIfSignedOut() {
    fetch(location.href, { method: "HEAD", redirect: "manual", cache: "no-store" })
      .then((answer) => { if (answer.type === "opaqueredirect") location.reload(); })
      .catch(() => { /* no network: the next try will tell */ });
  }

  function hurry() {
    if (!config) return;
    if (socket && dead()) {
      drop();
      lost("");
    }
    if (socket) return;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, Math.random() * 500);
  }

  // ---- Once a second ----

  function dead() {
    if (socket.readyState !== WebSocket.OPEN || !subscribed) return Date.now() - openedAt > GIVE_UP_HANDSHAKE;
    return Date.now() - live.lastFrameAt > DEAD_AFTER * config.heartbeat_seconds * 1000;
  }

  function tick() {
    readConfig();
    if (!config) return;
    if (socket && dead()) {
      drop();
      lost("");
    }
    const now = Date.now();
    if (live.state === "polling" && now - polledAt >= POLL_EVERY) {
      polledAt = now;
      unanswered.clear(); // what the last poll asked for is lost, or comes late and does no harm
      mark(everything(), "poll");
    }
    if (now - checkedAt >= config.update_interval * 1000) {
      checkedAt = now;
      mark(everything(), "check");
    }
    retryUnanswered(false);
    showAges(now);
  }

  function readConfig() {
    const element = document.getElementById("live-config");
    const text = element ? element.dataset.config : "";
    if (text === configText) return;
    const first = !config;
    configText = text;
    config = text ? JSON.parse(text) : config && { ...config, topics: {}, turns: {} };
    if (!config) return;
    if (first && config.since) unanswered.set(0, { ids: everything(), at: Date.now() });
    if (live.position && config.since && config.since.epoch === live.position.epoch) {
      live.position.seq = Math.min(live.position.seq, config.since.seq); // new widgets were read as of then
    }
    checkedAt = Date.now() - Math.random() * config.update_interval * 500;
    if (subscribed && socket) subscribe();
    else connect();
  }

  // ---- What is shown ----

  function show(state) {
    live.state = state;
    const late = state === "live" && waitingSince && Date.now() - waitingSince > ANSWER_WITHIN;
    const shown = late ? "late" : state;
    document.documentElement.dataset.connection = shown;
    const element = document.getElementById("connection-state");
    if (element && element.textContent !== SAID[shown]) element.textContent = SAID[shown];
  }

  function age(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    if (seconds < 60) return seconds < 10 ? "now" : Math.floor(seconds / 10) * 10 + " s ago";
    if (seconds < 3600) return Math.floor(seconds / 60) + " min ago";
    return Math.floor(seconds / 3600) + " h ago";
  }

  /* Written into attributes, which the style sheet shows: the text inside belongs to React. */
  function showAges(now) {
    if (document.hidden) return;
    show(live.state); // the header may have been drawn anew
    for (const element of document.querySelectorAll(".pb-asof time[datetime]")) {
      const text = age(now - Date.parse(element.dateTime));
      if (element.dataset.age !== text) element.dataset.age = text;
    }
    const state = document.getElementById("connection-state");
    const heard = live.state === "live" ? "" : age(now - live.lastFrameAt);
    if (state && (state.dataset.age || "") !== heard) state.dataset.age = heard;
  }

  window.addEventListener("online", hurry);
  window.addEventListener("offline", () => { if (socket) { drop(); lost(""); } });
  window.addEventListener("pageshow", (event) => { if (event.persisted) hurry(); });
  window.addEventListener("pagehide", () => { drop(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    tick();
    flush();
    if (live.state !== "live") hurry();
  });

  setInterval(tick, 1000);
  const early = setInterval(() => { readConfig(); if (config) clearInterval(early); }, 50);
})();
