/* What a person does to the grid, by pointer or by keyboard. Changes that the grid makes by itself (a narrower
   window, compaction at load) are not handed on, so only a person's moves are saved. */
(function () {
  "use strict";

  const WIDE = "lg";
  const COLUMNS = 12;
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let touched = false;

  function place(item) {
    return { i: item.i, x: item.x, y: item.y, w: item.w, h: item.h };
  }

  /* Clientside callback on the grid's `layouts`: the wide layout, when a person has changed it. */
  function layoutChanged(layouts, breakpoint) {
    const wide = layouts && layouts[WIDE];
    if (!touched || !wide || (breakpoint && breakpoint !== WIDE)) {
      return window.dash_clientside.no_update;
    }
    touched = false;
    return { items: wide.map(place), at: Date.now() };
  }

  function across(one, other) {
    return one.y < other.y + other.h && other.y < one.y + one.h;
  }

  function above(one, other) {
    return one.x < other.x + other.w && other.x < one.x + one.w;
  }

  function nearest(items, distance) {
    return items.reduce((best, item) => (best && distance(best) <= distance(item) ? best : item), null);
  }

  /* Sideways into a free column, else past the neighbour. */
  function moveSideways(item, others, step) {
    const beside = others.filter((other) => across(item, other) &&
      (step > 0 ? other.x >= item.x + item.w : other.x + other.w <= item.x));
    const gap = (other) => (step > 0 ? other.x - item.x - item.w : item.x - other.x - other.w);
    const next = nearest(beside, gap);
    if (!next || gap(next) > 0) {
      item.x = Math.max(0, Math.min(COLUMNS - item.w, item.x + step));
      return;
    }
    const start = Math.min(item.x, next.x);
    const [first, second] = step > 0 ? [next, item] : [item, next];
    first.x = start;
    second.x = start + first.w;
  }

  /* Past the card above or below: the grid closes the gap that is left. */
  function moveUpright(item, others, step) {
    const column = others.filter((other) => above(item, other) &&
      (step > 0 ? other.y >= item.y + item.h : other.y + other.h <= item.y));
    const gap = (other) => (step > 0 ? other.y - item.y - item.h : item.y - other.y - other.h);
    const next = nearest(column, gap);
    if (!next) {
      return;
    }
    const top = Math.min(item.y, next.y);
    const [first, second] = step > 0 ? [next, item] : [item, next];
    first.y = top;
    second.y = top + first.h;
  }

  function resize(item, across, down) {
    item.w = Math.max(item.minW || 1, Math.min(COLUMNS - item.x, item.w + across));
    item.h = Math.max(item.minH || 1, Math.min(item.maxH || 100, item.h + down));
  }

  function onKey(event) {
    const grip = event.target.closest && event.target.closest(".pb-grip");
    const step = STEPS[event.key];
    if (!grip || !step) {
      return;
    }
    event.preventDefault();
    const layouts = window.dash_component_api.getLayout("grid").props.layouts;
    const wide = layouts[WIDE].map((item) => Object.assign({}, item));
    const item = wide.find((one) => one.i === grip.dataset.cell);
    const others = wide.filter((one) => one !== item);
    if (event.shiftKey) {
      resize(item, step[0], step[1]);
    } else if (step[0]) {
      moveSideways(item, others, step[0]);
    } else {
      moveUpright(item, others, step[1]);
    }
    touch();
    window.dash_clientside.set_props("grid", { layouts: Object.assign({}, layouts, { [WIDE]: wide }) });
  }

  function onPointer(event) {
    if (event.target.closest && event.target.closest(".pb-card-head, .react-resizable-handle")) {
      touch();
    }
  }

  function touch() {
    touched = true;
    document.documentElement.dataset.gridTouched = "";
  }

  /* Another window, or another person, has saved this dashboard. Our own saves are heard of too: their answer, which
     brings the new version, is given the time to come. */
  function onNews(event) {
    const { dashboard_id: changed, version } = event.detail;
    const held = (id) => window.dash_component_api.getLayout(id).props.data;
    setTimeout(() => {
      const shown = held("dashboard");
      if (shown && shown.id === changed && held("dashboard-version") < version) {
        window.dash_clientside.set_props("dashboard-news", { hidden: false });
      }
    }, 2000);
  }

  document.addEventListener("pulseboard:dashboard", onNews);
  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPointer, true);

  const spaces = (window.dash_clientside = window.dash_clientside || {});
  spaces.pulseboard = Object.assign(spaces.pulseboard || {}, { layoutChanged, nothingNew: () => true });
})();
