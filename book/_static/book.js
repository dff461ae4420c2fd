// Click-to-zoom: each figure becomes a button that opens it in a native dialog,
// which brings the focus trap, Escape and the return of the focus with it.
(() => {
  const dialog = document.createElement("dialog");
  dialog.className = "zoom-dialog";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "zoom-close";
  close.textContent = "Close";
  const picture = document.createElement("img");
  dialog.append(close);
  dialog.addEventListener("click", () => dialog.close());

  const open = (image) => {
    picture.src = image.currentSrc || image.src;
    picture.alt = image.alt;
    dialog.append(picture);
    dialog.setAttribute("aria-label", image.alt || "Figure");
    dialog.showModal();
  };

  const figures = document.querySelectorAll(
    "main figure img, main .cell_output img",
  );
  figures.forEach((image) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zoom";
    button.title = "Enlarge";
    button.addEventListener("click", () => open(image));
    // Sphinx links scaled images to the file; the dialog takes the place of that link.
    const link = image.closest("a.image-reference");
    (link || image).replaceWith(button);
    button.append(image);
  });
  if (figures.length) document.body.append(dialog);
})();
