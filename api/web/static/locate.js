/* Attaches the phone's position to a check-in, if its owner asks for it. */
for (const form of document.querySelectorAll("form[data-locate]")) {
  const note = form.querySelector("[data-located]");
  form.querySelector("[data-locate-button]").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.lon.value = coords.longitude.toFixed(6);
        form.elements.lat.value = coords.latitude.toFixed(6);
        note.textContent = note.dataset.found;
      },
      () => { note.textContent = note.dataset.missing; },
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    );
  });
}
