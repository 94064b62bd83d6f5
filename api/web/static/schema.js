/* Shows the interface's description; see portal/schema.html. */
const place = document.getElementById("redoc");
Redoc.init(place.dataset.description, { hideDownloadButton: false, nativeScrollbars: true, theme: { colors: { primary: { main: "#0b6b63" } } } }, place);
