// Hover cards of glossary terms and citations. Without this script they are plain links; the
// cards' data is loaded when the first of them is asked for.
(() => {
  const LINKS = "main a.reference.internal[href*='#']";
  const DELAY = 250; // milliseconds in which the pointer may cross from the link to its card
  const GAP = 6;
  const root = new URL(
    document.documentElement.dataset.content_root || "./",
    location.href,
  );

  let loading;
  const load = () =>
    (loading ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = new URL("_static/cards-data.js", root).href;
      script.addEventListener("load", () => resolve(window.bookCards));
      script.addEventListener("error", () => resolve({}));
      document.head.append(script);
    }));

  const isCited = (link) =>
    link.querySelector(".std-term") || link.closest(".bibtex-citation");
  const links = [...document.querySelectorAll(LINKS)].filter(isCited);
  if (!links.length) return;

  const card = document.createElement("div");
  card.id = "hover-card";
  card.className = "hover-card";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  document.body.append(card);

  let owner = null; // the link whose card is shown, or asked for
  let timer;

  const line = (name, text) => {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
  };

  const fill = ({ title, text, link }) => {
    card.replaceChildren(line("strong", title), line("p", text));
    if (!link) return;
    // For the pointer only: by keyboard the entry itself, one Enter away, has the same link.
    const source = line("a", link.replace("https://", ""));
    source.href = link;
    source.tabIndex = -1;
    card.append(source);
  };

  // Under the line of the link where there is room, else above it; never outside the window.
  const place = (link) => {
    const at = link.getClientRects()[0];
    const width = document.documentElement.clientWidth;
    const right = width - card.offsetWidth - GAP;
    card.style.left = `${Math.max(GAP, Math.min(at.left, right))}px`;
    const below = at.bottom + GAP;
    const above = at.top - GAP - card.offsetHeight;
    const fits = below + card.offsetHeight <= window.innerHeight;
    card.style.top = `${fits || above < 0 ? below : above}px`;
  };

  const hide = () => {
    clearTimeout(timer);
    owner?.removeAttribute("aria-describedby");
    owner = null;
    card.hidden = true;
  };
  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, DELAY);
  };

  const show = async (link) => {
    clearTimeout(timer);
    if (owner === link) return;
    hide();
    owner = link;
    const cards = await load();
    const found = cards[link.href.slice(root.href.length)];
    if (owner !== link || !found) return;
    fill(found);
    card.hidden = false;
    place(link);
    link.setAttribute("aria-describedby", card.id);
  };

  links.forEach((link) => {
    link.removeAttribute("title"); // else the browser shows it over the card
    // A tap follows the link: it neither hovers nor shows the focus.
    link.addEventListener("pointerenter", ({ pointerType }) => {
      if (pointerType === "mouse") show(link);
    });
    link.addEventListener("pointerleave", hideSoon);
    link.addEventListener("focus", () => {
      if (link.matches(":focus-visible")) show(link);
    });
    link.addEventListener("blur", hide);
  });
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  card.addEventListener("pointerleave", hideSoon);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });
  // Moving the focus scrolls the page: the card goes with its link.
  const follow = () => card.hidden || place(owner);
  document.addEventListener("scroll", follow, { capture: true, passive: true });
})();
