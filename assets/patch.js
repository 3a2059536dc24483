/* Puts new readings on the screen by setting only what differs. Dash builds a component anew when its parent's
   children are set, so a chart would be drawn from nothing with every event; here a card that keeps its shape keeps
   its elements, and its figure, texts and bars are changed in place. */
(function () {
  "use strict";

  const shown = new Map(); // body id -> the props that stand on the screen

  const isComponent = (node) => Boolean(node && typeof node === "object" && node.type && node.namespace && node.props);
  const listed = (children) => (Array.isArray(children) ? children : [children]);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  const exists = (id) => Boolean(document.getElementById(id));

  /* Whether children can be changed one by one: the same components at the same places, the same texts between. */
  function sameShape(next, before) {
    const [ours, theirs] = [listed(next), listed(before)];
    return Array.isArray(next) === Array.isArray(before) && ours.length === theirs.length &&
      ours.every((node, at) => {
        const old = theirs[at];
        if (!isComponent(node) || !isComponent(old)) return same(node, old);
        return node.type === old.type && node.namespace === old.namespace && node.props.id === old.props.id;
      });
  }

  function patch(id, next, before) {
    const changed = {};
    for (const name of new Set([...Object.keys(next), ...Object.keys(before)])) {
      if (name === "id" || name === "children" || same(next[name], before[name])) continue;
      changed[name] = name in next ? next[name] : null;
    }
    if (!sameShape(next.children, before.children)) {
      changed.children = next.children === undefined ? null : next.children;
    }
    if (Object.keys(changed).length) setProps(id, changed);
    if (!("children" in changed)) patchEach(listed(next.children), listed(before.children));
  }

  function patchEach(nodes, olds) {
    nodes.forEach((node, at) => {
      if (isComponent(node)) patch(node.props.id, node.props, olds[at].props);
    });
  }

  /* Every component of a body bears an id (dashboard/panel.py), so one that is gone means the page was left. */
  function show(id, props) {
    if (!exists(id)) {
      shown.delete(id);
      return;
    }
    const before = shown.get(id);
    const first = before && listed(before.children).find(isComponent);
    if (first && exists(first.props.id)) {
      patch(id, props, before);
    } else {
      setProps(id, props);
    }
    shown.set(id, props);
  }

  /* Clientside callback on the readings; answers with the number of the signal that they answer. */
  function showReadings(readings) {
    if (!readings) return window.dash_clientside.no_update;
    Object.entries(readings.bodies).forEach(([id, props]) => show(id, props));
    return String(readings.n);
  }

  const spaces = (window.dash_clientside = window.dash_clientside || {});
  spaces.pulseboard = Object.assign(spaces.pulseboard || {}, { showReadings });
})();
