/* Shows the interface's description; see portal/schema.html. */
const place = document.getElementById("redoc");
const fontFamily = getComputedStyle(document.body).fontFamily;
Redoc.init(place.dataset.description, {
  nativeScrollbars: true,
  theme: {
    colors: { primary: { main: "#0b655e" }, success: { main: "#17611e" }, error: { main: "#a01c40" } },
    typography: { fontFamily, headings: { fontFamily, fontWeight: "600" } },
    schema: { typeTitleColor: "#33423f", typeNameColor: "#33423f", nestedBackground: "#ffffff" },
    rightPanel: { backgroundColor: "#0b332f" },
  },
}, place);
