// Bundles the tag: one ES module, and one script for pages without modules.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** What the pages of a shop pay for the tag at most. Raise it only for what is worth it to shoppers. */
const MAX_GZIPPED_BYTES = 35_000;

/** The JSON form of protobuf, which its library brings along and nothing here reaches: a seventh of the bundle. */
const JSON_FORM = {
  "from-json.js": ["fromJson", "fromJsonString", "mergeFromJson", "mergeFromJsonString", "enumFromJson", "isEnumJson"],
  "to-json.js": ["toJson", "toJsonString", "enumToJson"],
};

const binaryOnly = {
  name: "binary-only",
  setup(bundler) {
    const found = new Set();
    bundler.onLoad({ filter: /@bufbuild\/protobuf\/dist\/esm\/(from|to)-json\.js$/ }, ({ path }) => {
      const file = basename(path);
      found.add(file);
      const names = JSON_FORM[file].map((name) => `export const ${name} = leftOut;`);
      return { contents: `const leftOut = () => { throw new Error("only the binary form"); };\n${names.join("\n")}` };
    });
    bundler.onEnd(() => {
      const gone = Object.keys(JSON_FORM).filter((file) => !found.has(file));
      return { errors: gone.map((file) => ({ text: `the library has no ${file} any more: mend what is left out` })) };
    });
  },
};

async function bundle(file, format) {
  const { outputFiles } = await build({
    entryPoints: ["src/index.ts"],
    bundle: true,
    minify: true,
    ...format,
    target: "es2022",
    outfile: file,
    write: false,
    plugins: [binaryOnly],
  });
  const { contents } = outputFiles[0];
  const gzipped = gzipSync(contents, { level: 9 }).length;
  console.log(`${file}: ${contents.length} bytes, ${gzipped} gzipped`);
  if (gzipped > MAX_GZIPPED_BYTES) {
    throw new Error(`${file} is over ${MAX_GZIPPED_BYTES} bytes gzipped`);
  }
  writeFileSync(file, contents);
}

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
await bundle("dist/storefront.js", { format: "esm" });
await bundle("dist/storefront.iife.js", { format: "iife", globalName: "Rescate" });
