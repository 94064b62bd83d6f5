/* Attaches the phone's position to a check-in, if its owner asks for it. */
for (const place of document.querySelectorAll("[data-locate]")) {
  const { elements } = place.closest("form");
  const note = place.querySelector("[data-located]");
  place.querySelector("[data-locate-button]").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        elements.lon.value = coords.longitude.toFixed(6);
        elements.lat.value = coords.latitude.toFixed(6);
        note.textContent = note.dataset.found;
      },
      () => { note.textContent = note.dataset.missing; },
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    );
  });
}
