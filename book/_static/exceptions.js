// The figure of one exception: ranks, marks of all pairs, the nearest cross-section pair.
(() => {
  const { place, path, fixed, filled, ticks } = Sliders;
  const TESTED = ["half", "cross", "within"];
  const MARKS = ["right", "wrong", "trained", "exception", "open"];

  // Items are counted from 0, the best.
  const taskOf = (data, at) => {
    const b = data.outer[at[0]];
    const length = data.length[at[1]];
    return { n: 2 * b + length + 1, first: b, last: b + length };
  };
  const kindOf = ({ first, last }, i, j) => {
    const inside = [i, j].filter((k) => first <= k && k <= last).length;
    if (i === first && j === last) return "exception";
    if (j === i + 1) return "trained";
    if (inside) return ["half", "open"][inside - 1];
    return i < first && j > last ? "cross" : "within";
  };

  // The page holds the upper half of each list; the lower one has the same with minus.
  const ranksOf = (data, [a, b, c], name = "ranks") => {
    const place = (a * data.length.length + b) * data.alpha.length + c;
    const half = data[name][place];
    const middle = taskOf(data, [a, b]).n % 2 ? [0] : [];
    return [...half, ...middle, ...half.map((rank) => -rank).reverse()];
  };

  const frame = (data, at) => {
    const task = taskOf(data, at);
    const ranks = ranksOf(data, at);
    const pairs = [];
    for (let i = 0; i < task.n; i++) {
      for (let j = i + 1; j < task.n; j++) {
        const kind = kindOf(task, i, j);
        pairs.push({ i, j, kind, margin: ranks[i] - ranks[j] });
      }
    }
    const nearest = data.alpha.map((alpha, k) => {
      const held = ranksOf(data, [at[0], at[1], k]);
      return [alpha, held[task.first - 1] - held[task.last + 1]];
    });
    const critical = data.critical[at[0] * data.length.length + at[1]];
    const plain = ranksOf(data, at, "plain");
    return { task, ranks, plain, pairs, nearest, critical, here: nearest[at[2]] };
  };

  const summary = ({ words }, { task, pairs, critical, here }) => {
    const of = (kind) => pairs.filter((pair) => pair.kind === kind);
    const wrong = (kind) => of(kind).filter(({ margin }) => margin < 0).length;
    const withins = of("within").length;
    const threshold = critical < 1 ? words.critical : words.never;
    return [
      filled(threshold, { critical: fixed(critical, 3) }),
      filled(words.pairs, {
        i: task.first,
        j: task.last + 2,
        margin: fixed(here[1], 4),
        cross: wrong("cross"),
        crosses: of("cross").length,
        half: wrong("half"),
        halves: of("half").length,
      }),
      filled(withins ? words.within : words.none, {
        right: withins - wrong("within"),
        withins,
      }),
    ].join("\n");
  };

  // Items on an axis, and ticks where the list turns.
  const itemAxis = (axis, { n }) => ({ ...axis, high: n + 0.5 });
  const itemTicks = ({ n, first, last }) =>
    [1, first + 1, last + 1, n].map((item) => [item, String(item)]);

  const drawRanks = (set, { x, y }, { task, ranks, plain }) => {
    const panel = { x: itemAxis(x, task), y };
    const top = Math.max(ranks[0], plain[0]);
    const points = (values) => values.map((rank, k) => [k + 1, rank / top]);
    const [left, right] = [task.first + 0.5, task.last + 1.5];
    const corners = [
      [left, y.low],
      [left, y.high],
      [right, y.high],
      [right, y.low],
    ];
    set("shade", `${path(panel, corners)}Z`);
    set("plain", path(panel, points(plain)));
    set("ranks", path(panel, points(ranks)));
    const dots = points(ranks).map((point) => `${path(panel, [point])}h0`);
    set("dots", dots.join(""));
    return ticks(panel, itemTicks(task), [
      [-1, fixed(-top, 2)],
      [0, "0"],
      [1, fixed(top, 2)],
    ]);
  };

  // A disc, a cross, a square or a dash.
  const mark = (kind, x, y, r) => {
    const t = (number) => number.toFixed(1);
    if (kind === "right") {
      const [left, top, radius, wide] = [x - r, y, r, 2 * r].map((number) =>
        number.toFixed(2),
      );
      const arc = `a${radius} ${radius} 0 1 0`;
      return `M${left} ${top}${arc} ${wide} 0${arc} -${wide} 0`;
    }
    const [left, right, top, bottom] = [x - r, x + r, y - r, y + r].map(t);
    if (kind === "wrong")
      return `M${left} ${top}L${right} ${bottom}M${left} ${bottom}L${right} ${top}`;
    if (kind === "open") return `M${left} ${t(y)}H${right}`;
    return `M${left} ${top}H${right}V${bottom}H${left}Z`;
  };

  const drawPairs = (set, { x, y }, { task, pairs }) => {
    const panel = { x: itemAxis(x, task), y: { ...y, low: task.n + 0.5 } };
    const [low, first, last, high] = [
      x.low,
      task.first + 0.5,
      task.last + 1.5,
      task.n + 0.5,
    ];
    const band = [
      [first, low],
      [last, low],
      [last, first],
      [high, first],
      [high, last],
      [first, last],
    ];
    const section = [
      [last, low],
      [high, low],
      [high, first],
      [last, first],
    ];
    set("shade", `${path(panel, band)}Z`);
    set("section", `${path(panel, section)}Z`);
    const tested = pairs.filter(({ kind }) => TESTED.includes(kind));
    const most = Math.max(...tested.map(({ margin }) => Math.abs(margin)));
    const cell = Math.abs(y.end - y.start) / task.n;
    const marks = Object.fromEntries(MARKS.map((kind) => [kind, ""]));
    for (const { i, j, kind, margin } of pairs) {
      let [shown, size] = [kind, 0.26];
      if (TESTED.includes(kind)) {
        shown = margin > 0 ? "right" : "wrong";
        size = 0.14 + 0.3 * Math.sqrt(Math.abs(margin) / most);
      }
      if (shown === "wrong") size = Math.max(size, 0.3);
      const at = [place(panel.x, j + 1), place(panel.y, i + 1)];
      marks[shown] += mark(shown, ...at, cell * size);
    }
    MARKS.forEach((kind) => set(kind, marks[kind]));
    return ticks(panel, itemTicks(task), itemTicks(task));
  };

  const drawNearest = (root, set, panel, words, { nearest, critical, here }) => {
    const known = critical < 1;
    const points = known ? [...nearest, [critical, 0]] : nearest;
    set("nearest", path(panel, [...points].sort((a, b) => a[0] - b[0])));
    const line = [panel.y.low, panel.y.high].map((y) => [critical, y]);
    set("critical", known ? path(panel, line) : "");
    const text = root.querySelector("svg[role] .mark");
    const at = place(panel.x, known ? critical + 0.01 : 0.4);
    text.setAttribute("x", at.toFixed(1));
    text.textContent = known
      ? filled(words.mark, { critical: fixed(critical, 3) })
      : words.unmarked;
    const point = root.querySelector("svg[role] .here");
    point.setAttribute("cx", place(panel.x, here[0]).toFixed(1));
    point.setAttribute("cy", place(panel.y, here[1]).toFixed(1));
  };

  Sliders.start("exceptions", (root, data, at) => {
    const now = frame(data, at);
    const { ranks, pairs, nearest } = data.panels;
    const inside = (panel, what) =>
      root.querySelector(`.knobs-${panel} svg[role] .${what}`);
    const setter = (panel) => (kind, d) =>
      inside(panel, kind).setAttribute("d", d);
    inside("ranks", "ticks").innerHTML = drawRanks(setter("ranks"), ranks, now);
    inside("pairs", "ticks").innerHTML = drawPairs(setter("pairs"), pairs, now);
    drawNearest(root, setter("nearest"), nearest, data.words, now);
    return summary(data, now);
  });
})();
