/* Shows the interface's description; see portal/schema.html. */
const place = document.getElementById("redoc");
const family = getComputedStyle(document.body).fontFamily;
Redoc.init(place.dataset.description, { nativeScrollbars: true, theme: { colors: { primary: { main: "#0b6b63" } }, typography: { fontFamily: family, headings: { fontFamily: family } } } }, place);
