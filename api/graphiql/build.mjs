// Bundles GraphiQL into dist/: one page, one script, one style sheet. Nothing in them points elsewhere.

import { cp, readFile } from "node:fs/promises";
import { build } from "esbuild";

await build({
  entryPoints: ["src/main.jsx"],
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".woff2": "dataurl", ".woff": "dataurl", ".ttf": "dataurl" },
  legalComments: "none",
  logLevel: "warning",
});
await cp("src/index.html", "dist/index.html");

// A style sheet or a page that loads from another host would break the promise; so does the build.
for (const name of ["main.css", "index.html"]) {
  const text = await readFile(`dist/${name}`, "utf8");
  const outside = text.match(/(?:url\(|src=|href=)["']?(?:https?:)?\/\/[^"')\s]+/);
  if (outside) throw new Error(`dist/${name} loads from elsewhere: ${outside[0]}`);
}
