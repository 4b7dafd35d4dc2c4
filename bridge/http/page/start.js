// Loads the page's modules once it has been painted: all that main.js needs at once, named by the daemon.
function load() {
  const { needed } = document.getElementById("modules").dataset;
  for (const href of needed.split(" ")) document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
  import("./main.js");
}
if (document.hidden) load(); else requestAnimationFrame(() => setTimeout(load));
