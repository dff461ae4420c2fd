// What figures with sliders share: places on axes, numbers in words, the controls. The page
// holds the plots of one frame and the numbers of all; moving a slider redraws the plots.
const Sliders = (() => {
  const place = ({ low, high, start, end, root }, value) => {
    const scaled = root
      ? (x) => Math.sign(x) * Math.sqrt(Math.abs(x))
      : (x) => x;
    const share =
      (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
    return start + share * (end - start);
  };
  const path = ({ x, y }, points) =>
    "M" +
    points
      .map(([a, b]) => `${place(x, a).toFixed(1)} ${place(y, b).toFixed(1)}`)
      .join("L");

  // The page's own text is rounded in the same way, half up.
  const fixed = (number, digits) => {
    const unit = 10 ** digits;
    const shown = (Math.floor(number * unit + 0.5) / unit).toFixed(digits);
    return Number(shown) === 0
      ? (0).toFixed(digits)
      : shown.replace("-", "−");
  };

  // A text in which names in braces stand for values.
  const filled = (text, values) =>
    text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // Marks of the ticks of a panel, as the page itself has them; ticks are [value, text].
  const ticks = ({ x, y }, across, upwards) => {
    let lines = "";
    let words = "";
    for (const [value, shown] of across) {
      const at = place(x, value).toFixed(1);
      lines += `M${at} ${y.start}v4`;
      words += `<text x="${at}" y="${y.start + 17}" text-anchor="middle">${shown}</text>`;
    }
    for (const [value, shown] of upwards) {
      const at = place(y, value);
      lines += `M${x.start} ${at.toFixed(1)}h-4`;
      words += `<text x="${x.start - 7}" y="${(at + 4).toFixed(1)}" text-anchor="end">${shown}</text>`;
    }
    return `<path class="axes" d="${lines}"/>${words}`;
  };

  const begin = (root, show) => {
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
      root.querySelector(".knobs-summary").textContent = show(root, data, at);
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

  // Bring the figures of a kind to life; `show` draws a frame and returns it in words.
  const start = (kind, show) =>
    document
      .querySelectorAll(`.knobs.${kind}`)
      .forEach((root) => begin(root, show));

  return { place, path, fixed, filled, ticks, start };
})();
