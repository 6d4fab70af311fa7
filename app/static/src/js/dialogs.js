// A link that leads to a question opens the same question over the page instead.
export function openDialogs(page) {
  page.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const dialog = page.getElementById(opener.dataset.dialog);
    if (!dialog?.showModal) return;
    event.preventDefault();
    dialog.showModal();
  });
}
