// The figure of the scales of pretraining: curves of cost and error, a point, a summary.
(() => {
  const KINDS = ["new", "pretrained"];
  const TASKS = ["new", "pretrained", "few"];

  const { place, path, fixed, filled } = Sliders;

  // The penalty of a coefficient, at a width above 0.
  const cost = (coefficient, width) => {
    const t = (2 * coefficient) / width;
    return (width / 4) * (1 - Math.hypot(1, t) + t * Math.asinh(t));
  };

  const told = (error) => (error < 0.0005 ? "below 0.001" : fixed(error, 3));

  // One frame, from flat lists over the grid of the three knobs.
  const frame = (data, at) => {
    const [, second, third] = data.sizes;
    const i = (at[0] * second + at[1]) * third + at[2];
    const n = data.alphas.length;
    const errors = TASKS.map((_, task) => {
      const first = (i * TASKS.length + task) * n;
      return data.error.slice(first, first + n).map((error) => error / 1e4);
    });
    return {
      dead: data.dead.includes(i),
      widths: KINDS.map((kind) => data[kind][i]),
      orders: [data.order[i] / 1000, data.dependence[i] / 1000],
      errors,
    };
  };

  const summary = (data, { dead, widths, orders, errors }) => {
    if (dead) return data.deadText;
    const distances = data.regimes.map(([order, dependence]) =>
      Math.hypot(order - orders[0], dependence - orders[1]),
    );
    const nearest = distances.indexOf(Math.min(...distances));
    const ratio = cost(1, widths[0]) / cost(1, widths[1]);
    const read = errors.map((curve) => told(curve[data.readAt]));
    return filled(data.summary, {
      regime: data.regimeNames[nearest],
      order: fixed(orders[0], 2),
      dependence: fixed(orders[1], 2),
      ratio: fixed(ratio, 1),
      new: read[0],
      pretrained: read[1],
      few: read[2],
    });
  };

  const draw = (root, data, now) => {
    const { cost: costs, plane, error } = data.panels;
    const set = (panel, kind, d) =>
      root
        .querySelector(`.knobs-${panel} svg[role] .curve.${kind}`)
        .setAttribute("d", d);
    const unit = cost(1, now.widths[0]);
    KINDS.forEach((kind, k) => {
      const points = data.coefficients.map((beta) => [
        beta,
        cost(Math.abs(beta), now.widths[k]) / unit,
      ]);
      set("cost", kind, now.dead ? "" : path(costs, points));
    });
    TASKS.forEach((kind, task) => {
      const points = data.alphas.map((alpha, j) => [
        alpha,
        now.errors[task][j],
      ]);
      set("error", kind, path(error, points));
    });
    const here = root.querySelector("svg[role] .here");
    here.setAttribute("cx", place(plane.x, now.orders[0]).toFixed(1));
    here.setAttribute("cy", place(plane.y, now.orders[1]).toFixed(1));
    root.classList.toggle("is-dead", now.dead);
  };

  Sliders.start("scales", (root, data, at) => {
    const now = frame(data, at);
    draw(root, data, now);
    return summary(data, now);
  });
})();
