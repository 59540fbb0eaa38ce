// Builds bundle/ (map.js, map.css, LICENSES.txt) and puts Leaflet into ../static. The same sources and lock file give
// the same bytes: no dates, no paths and no hashes in the output.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const BUNDLED = ["leaflet", "@geoman-io/leaflet-geoman-free"];

/** Everything that ends up in the bundle: the named packages and what they depend on. */
async function bundledPackages() {
  const lock = JSON.parse(await readFile(path.join(here, "package-lock.json"), "utf8"));
  const found = new Map();
  const visit = (name, from) => {
    const place = nearest(lock.packages, from, name);
    if (!place || found.has(place)) return;
    found.set(place, { name, version: lock.packages[place].version });
    for (const dependency of Object.keys(lock.packages[place].dependencies ?? {})) {
      // Types leave no trace in the bundle.
      if (!dependency.startsWith("@types/")) visit(dependency, place);
    }
  };
  for (const name of BUNDLED) visit(name, "");
  return [...found].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Where node would find `name` when required from the package at `from`. */
function nearest(packages, from, name) {
  let folder = from;
  for (;;) {
    const place = `${folder ? `${folder}/` : ""}node_modules/${name}`;
    if (packages[place]) return place;
    if (!folder) return null;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")));
  }
}

async function licenceText(place) {
  const files = await readdir(path.join(here, place));
  const file = files.sort().find((entry) => /^(licen[cs]e|copying|unlicense)/i.test(entry));
  if (file) return (await readFile(path.join(here, place, file), "utf8")).trim();
  const manifest = JSON.parse(await readFile(path.join(here, place, "package.json"), "utf8"));
  const author = manifest.author?.name ?? manifest.author ?? "its authors";
  return `Licensed under ${manifest.license}. Copyright ${author}. The package holds no licence file.`;
}

async function writeLicences() {
  const parts = ["The bundle contains these packages.\n"];
  for (const [place, { name, version }] of await bundledPackages()) {
    parts.push(`${"=".repeat(80)}\n${name} ${version}\n\n${await licenceText(place)}\n`);
  }
  await writeFile(path.join(here, "bundle", "LICENSES.txt"), parts.join("\n").replaceAll("\r", ""));
}

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  logLevel: "info",
  charset: "utf8",
};

async function buildBundle() {
  await rm(path.join(here, "bundle"), { recursive: true, force: true });
  await mkdir(path.join(here, "bundle"), { recursive: true });
  await build({
    ...common,
    entryPoints: { map: "src/main.ts" },
    outdir: "bundle",
    minify: true,
    legalComments: "eof",
    // geoman expects Leaflet as the global `L`; this binds the name without touching `window`.
    inject: ["src/leaflet-name.js"],
  });
  await build({
    ...common,
    entryPoints: { map: "src/styles/index.css" },
    outdir: "bundle",
    minify: true,
    legalComments: "eof",
    // The pictures of Leaflet's and geoman's own buttons and pins are not used by this map.
    loader: { ".png": "empty", ".svg": "empty" },
  });
  await writeLicences();
  await copyLeaflet();
}

/** Leaflet as it is, for the overview map that folium draws; the app serves it, no page asks a CDN. */
async function copyLeaflet() {
  const source = path.join(here, "node_modules", "leaflet");
  const target = path.join(here, "..", "static", "leaflet");
  await rm(target, { recursive: true, force: true });
  await mkdir(path.join(target, "images"), { recursive: true });
  for (const name of ["leaflet.css", "images/layers.png", "images/layers-2x.png"]) {
    await copyFile(path.join(source, "dist", name), path.join(target, name));
  }
  await copyFile(path.join(source, "LICENSE"), path.join(target, "LICENSE"));
  // The source map is not served, so nothing may ask for it.
  const script = await readFile(path.join(source, "dist", "leaflet.js"), "utf8");
  await writeFile(path.join(target, "leaflet.js"), script.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ""));
}

/** The unit tests, for node's own runner. */
async function buildTests() {
  const files = await readdir(path.join(here, "tests"));
  await rm(path.join(here, "build"), { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: files.filter((name) => name.endsWith(".test.ts")).map((name) => `tests/${name}`),
    outdir: "build/tests",
    platform: "node",
    outExtension: { ".js": ".mjs" },
  });
}

await (process.argv.includes("--tests") ? buildTests() : buildBundle());
