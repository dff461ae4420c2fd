// Sliders over precomputed frames: the page holds the plots of one frame and the numbers of
// all; moving a slider redraws the curves, the point and the summary.
(() => {
  const KINDS = ["new", "pretrained"];
  const TASKS = ["new", "pretrained", "few"];

  const place = ({ low, high, start, end, root }, value) => {
    const scaled = root ? Math.sqrt : (x) => x;
    const share =
      (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
    return (start + share * (end - start)).toFixed(1);
  };
  const path = ({ x, y }, points) =>
    "M" + points.map(([a, b]) => `${place(x, a)} ${place(y, b)}`).join("L");

  // The penalty of a coefficient, at a width above 0.
  const cost = (coefficient, width) => {
    const t = (2 * coefficient) / width;
    return (width / 4) * (1 - Math.hypot(1, t) + t * Math.asinh(t));
  };

  // The page's own text is rounded in the same way, half up.
  const fixed = (number, digits) => {
    const unit = 10 ** digits;
    const shown = (Math.floor(number * unit + 0.5) / unit).toFixed(digits);
    return Number(shown) === 0
      ? (0).toFixed(digits)
      : shown.replace("-", "−");
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
    return data.summary
      .replace("{regime}", data.regimeNames[nearest])
      .replace("{order}", fixed(orders[0], 2))
      .replace("{dependence}", fixed(orders[1], 2))
      .replace("{ratio}", fixed(ratio, 1))
      .replace("{new}", read[0])
      .replace("{pretrained}", read[1])
      .replace("{few}", read[2]);
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
    here.setAttribute("cx", place(plane.x, now.orders[0]));
    here.setAttribute("cy", place(plane.y, now.orders[1]));
    root.classList.toggle("is-dead", now.dead);
  };

  const start = (root) => {
    const data = JSON.parse(root.querySelector("script").textContent);
    const sliders = [...root.querySelectorAll("input")];
    const buttons = [...root.querySelectorAll("button")];
    const texts = sliders.map(({ dataset }) => ({
      shown: JSON.parse(dataset.shown),
      spoken: JSON.parse(dataset.spoken),
    }));

    const update = () => {
      const at = sliders.map((slider) => Number(slider.value));
      sliders.forEach((slider, k) => {
        slider.nextElementSibling.textContent = texts[k].shown[at[k]];
        slider.setAttribute("aria-valuetext", texts[k].spoken[at[k]]);
      });
      buttons.forEach((button, k) => {
        const current = data.presets[k].every((j, knob) => j === at[knob]);
        if (current) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      });
      const now = frame(data, at);
      draw(root, data, now);
      root.querySelector(".knobs-summary").textContent = summary(data, now);
    };

    sliders.forEach((slider) => {
      slider.disabled = false;
      slider.addEventListener("input", update);
    });
    buttons.forEach((button, k) => {
      button.disabled = false;
      button.addEventListener("click", () => {
        data.presets[k].forEach((j, knob) => (sliders[knob].value = j));
        update();
      });
    });
    update(); // a browser that goes back may have kept the sliders where they were
  };

  document.querySelectorAll(".knobs").forEach(start);
})();
