// Fetches the map's bundle from the app's own routes and hands over to it. Streamlit runs this file
// from a blob, where addresses without a host lead nowhere: hence `window.location.origin`.

function styleSheet(address) {
  const known = document.querySelector("link[data-cropmap]");
  if (known?.href === address) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  link.dataset.cropmap = "";
  return new Promise((resolve) => {
    // Without its style the map is ugly but there.
    link.onload = link.onerror = resolve;
    document.head.append(link);
    known?.remove();
  });
}

async function load(bases, version) {
  let problem;
  for (const base of bases) {
    const address = `${window.location.origin}${base}/static/map`;
    try {
      const module = await import(`${address}.js?v=${version}`);
      await styleSheet(`${address}.css?v=${version}`);
      return { base, mount: module.default };
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

let loading;

export default async function (component) {
  const { bases, bundle } = component.data;
  loading ??= load(bases, bundle);
  try {
    const { base, mount } = await loading;
    return mount({ ...component, data: { ...component.data, base } });
  } catch (error) {
    loading = undefined;
    console.error(error);
    component.parentElement.textContent = "The map could not be loaded. Reload the page.";
  }
}
